#include "connections/return_url.hpp"

#include "http/percent.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <optional>

namespace gateway::connections {
namespace {

struct parts {
    std::string scheme, host, port, path;
};

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// What two parsers could read differently: everything but plain visible characters, and dots or slashes in
/// disguise.
bool ambiguous(std::string_view url) {
    const auto odd = [](char c) {
        return c <= ' ' || c >= '\x7f' || std::string_view("\\\"<>{}|^`").find(c) != std::string_view::npos;
    };
    if (std::any_of(url.begin(), url.end(), odd)) return true;
    const auto small = lower(url);
    return small.find("%2e") != std::string::npos || small.find("%2f") != std::string::npos
           || small.find("%5c") != std::string::npos;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto slash = path.find('/');
        const auto segment = path.substr(0, slash);
        if (segment == "." || segment == "..") return true;
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    }
    return false;
}

std::optional<parts> take_apart(std::string_view text) {
    if (ambiguous(text)) return std::nullopt;
    const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
    if (!parsed) return std::nullopt;
    const boost::urls::url_view url = *parsed;
    if (!url.has_authority() || url.has_userinfo() || url.has_fragment()) return std::nullopt;
    parts out;
    out.scheme = lower(std::string_view(url.scheme().data(), url.scheme().size()));
    if (out.scheme != "https" && out.scheme != "http") return std::nullopt;
    const auto host = url.encoded_host();
    out.host = lower(std::string_view(host.data(), host.size()));
    const auto port = url.port();
    out.port = std::string(port.data(), port.size());
    if (out.port.empty()) out.port = out.scheme == "https" ? "443" : "80";
    const auto path = url.encoded_path();
    out.path = std::string(path.data(), path.size());
    if (out.path.empty()) out.path = "/";
    if (out.host.empty() || has_dot_segment(out.path)) return std::nullopt;
    return out;
}

} // namespace

bool lies_under(std::string_view url, std::string_view prefix) {
    const auto at = take_apart(url);
    auto under = take_apart(prefix);
    if (!at || !under) return false;
    if (at->scheme != under->scheme || at->host != under->host || at->port != under->port) return false;
    if (at->path == under->path) return true;
    if (!under->path.ends_with('/')) under->path += '/'; // `/app` covers `/app/x`, not `/apple`
    return at->path.starts_with(under->path);
}

bool lies_under_any(std::string_view url, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [url](const std::string& prefix) { return lies_under(url, prefix); });
}

std::string with_result(std::string url, std::string_view user_id, std::string_view result) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += "user_id=";
    http::append_percent_encoded(url, user_id);
    url += "&result=";
    url += result;
    return url;
}

} // namespace gateway::connections
