#include "inbound/other_sites.hpp"

#include "base/url_rules.hpp"
#include "http/field_lines.hpp"
#include "http/wire_text.hpp"

namespace gateway::inbound {
namespace {

bool same_server(const web_url& from, std::string_view address) {
    const auto own = read_web_address(address);
    return own && from.host == own->host && from.port == own->port;
}

/// `at.host` is what the browser took for the gateway's address; a page from there has the same host and
/// port. The scheme says nothing more: one port speaks either TLS or none.
bool is_own(std::string_view origin, const own_address& at) {
    const auto from = read_web_address(origin);
    if (!from || !from->path.empty()) return false;
    if (same_server(*from, std::string(at.tls ? "https://" : "http://").append(at.host))) return true;
    return at.url.starts_with(from->secure ? "https://" : "http://") && same_server(*from, at.url);
}

} // namespace

result<void> refuse_other_sites(std::string_view accepted_block, const own_address& at) {
    const auto first = accepted_block.find("\r\n");
    if (first == std::string_view::npos) return {};
    http::field_lines lines{accepted_block, first + 2, http::peer::caller};
    for (http::field_line line; lines.next(line);) {
        const bool foreign = (http::same_word(line.name, "origin") && !is_own(line.value, at))
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
