#include "connections/return_url.hpp"

#include "base/url_parts.hpp"
#include "base/web_address.hpp"
#include "http/percent.hpp"

#include <algorithm>
#include <optional>

namespace gateway::connections {
namespace {

/// Where a URL leads: host and path, each judged by its own rules. Its query is the caller's.
struct place {
    web_address host; // without path
    std::string_view path;
};

std::optional<place> place_of(std::string_view url) {
    const auto cut = refuse_url_text(url) ? std::nullopt : cut_url(url);
    if (!cut || refuse_path(cut->path) || hides_slash(cut->path)) return std::nullopt;
    auto host = read_web_address(lower_ascii(cut->scheme) + "://" + std::string(cut->authority));
    if (!host) return std::nullopt;
    return place{std::move(*host), cut->path};
}

} // namespace

bool lies_under(std::string_view url, std::string_view prefix) {
    const auto at = place_of(url);
    const auto under = place_of(prefix);
    return at && under && at->host == under->host && path_lies_under(at->path, under->path);
}

bool lies_under_any(std::string_view url, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [url](const std::string& prefix) { return lies_under(url, prefix); });
}

std::string with_result(std::string url, std::string_view user_id, std::string_view result,
                        std::string_view reason) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += "user_id=";
    http::append_percent_encoded(url, user_id);
    url += "&result=";
    url += result;
    if (!reason.empty()) url.append("&reason=").append(reason);
    return url;
}

} // namespace gateway::connections
