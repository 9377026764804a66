#include "user_api/services.hpp"

#include "base/url_rules.hpp"
#include "tokens/token_service.hpp"
#include "windows/shared_windows.hpp"

#include <stdexcept>
#include <utility>

namespace gateway::user_api {

result<outbound::origin> origin_of(std::string_view url) {
    const auto read = read_web_address(url);
    if (!read || !read->secure || (!read->path.empty() && read->path != "/"))
        return failure{errc::invalid_input, "must be an https origin such as https://open.tiktokapis.com"};
    return outbound::origin{read->host, read->port};
}

services::services(outbound::client& client_, tokens::token_service& tokens_,
                   windows::shared_windows& windows_, upload_memory& memory_, const settings::all& settings_,
                   observer told_)
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

} // namespace gateway::user_api
