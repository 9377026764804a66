#include "tiktok/services.hpp"

#include "base/url_rules.hpp"
#include "tiktok/shared_windows.hpp"
#include "tiktok/tokens.hpp"

#include <stdexcept>
#include <utility>

namespace gateway::tiktok {

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
    const auto read = read_web_address(url);
    if (!read || !read->secure || (!read->path.empty() && read->path != "/"))
        return failure{errc::invalid_input, "must be an https origin such as https://open.tiktokapis.com"};
    return outbound::origin{read->host, read->port};
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
