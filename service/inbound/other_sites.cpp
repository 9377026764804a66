#include "inbound/other_sites.hpp"

#include "base/url_rules.hpp"
#include "http/field_lines.hpp"
#include "http/wire_text.hpp"

namespace gateway::inbound {
namespace {

bool is_own_or_loopback(std::string_view origin, std::string_view own_url) {
    const auto from = read_web_address(origin);
    if (!from || !from->path.empty()) return false;
    if (from->on_loopback()) return true;
    const auto own = read_web_address(own_url);
    return own && from->secure == own->secure && from->host == own->host && from->port == own->port;
}

} // namespace

result<void> refuse_other_sites(std::string_view accepted_block, std::string_view own_url) {
    const auto first = accepted_block.find("\r\n");
    if (first == std::string_view::npos) return {};
    http::field_lines lines{accepted_block, first + 2, http::peer::caller};
    for (http::field_line line; lines.next(line);) {
        const bool foreign =
            (http::same_word(line.name, "origin") && !is_own_or_loopback(line.value, own_url))
            || (http::same_word(line.name, "sec-fetch-site") && line.value != "same-origin"
                && line.value != "none");
        if (foreign)
            return failure{
                errc::forbidden,
                "A browser sent this for another site; without callers in the settings that is refused."};
    }
    return {};
}

} // namespace gateway::inbound
