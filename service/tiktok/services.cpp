#include "tiktok/services.hpp"

#include "tiktok/shared_windows.hpp"
#include "tiktok/tokens.hpp"

#include <charconv>
#include <stdexcept>
#include <utility>

namespace gateway::tiktok {
namespace {

failure no_origin() {
    return {errc::invalid_input, "must be an https origin such as https://open.tiktokapis.com"};
}

} // namespace

std::vector<limits::window_rule> window_rules(const settings::limits& from) {
    std::vector<limits::window_rule> rules(endpoint_count);
    const auto set = [&rules](endpoint which, std::uint32_t per_minute) {
        rules[static_cast<std::size_t>(which)] = {per_minute, milliseconds{60'000}};
    };
    set(endpoint::user_info, from.user_info_per_minute);
    set(endpoint::video_list, from.video_list_per_minute);
    set(endpoint::video_query, from.video_query_per_minute);
    set(endpoint::creator_info, from.creator_info_per_minute);
    set(endpoint::video_init, from.video_init_per_minute);
    set(endpoint::inbox_init, from.inbox_init_per_minute);
    set(endpoint::content_init, from.content_init_per_minute);
    set(endpoint::status_fetch, from.status_fetch_per_minute);
    set(endpoint::cancel, from.cancel_per_minute);
    return rules;
}

result<outbound::origin> origin_of(std::string_view url) {
    constexpr std::string_view scheme = "https://";
    if (!url.starts_with(scheme)) return no_origin();
    std::string_view authority = url.substr(scheme.size());
    if (authority.ends_with('/')) authority.remove_suffix(1);
    if (authority.empty() || authority.find_first_of("/?#@ ") != std::string_view::npos) return no_origin();
    outbound::origin to;
    if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), to.port);
        if (error != std::errc{} || end != port.data() + port.size() || to.port == 0) return no_origin();
        authority = authority.substr(0, colon);
    }
    if (authority.empty()) return no_origin();
    to.host = authority;
    return to;
}

services::services(outbound::client& client_, tiktok::tokens& tokens_, shared_windows& windows_,
                   upload_memory& memory_, const settings::all& settings_, observer told_)
    : client(client_),
      tokens(tokens_),
      windows(windows_),
      memory(memory_),
      settings(settings_),
      told(std::move(told_)) {
    auto origin = origin_of(settings_.tiktok.api_url);
    if (!origin) throw std::runtime_error("tiktok.api_url " + origin.error().message());
    api = std::move(*origin);
}

void services::expect(const user_id& user) const {
    tokens.expect(user);
    windows.expect(user.text());
}

} // namespace gateway::tiktok
