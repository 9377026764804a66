#include "base/url_rules.hpp"

#include "base/pattern.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace gateway {
namespace {

bool is_domain(std::string_view prefix) {
    return prefix.find("://") == std::string_view::npos;
}

std::optional<std::string> refuse_name(std::string_view host) {
    if (ends_like_address(host)) return "must not name an address";
    if (host.find('.') == std::string_view::npos) return "must name a public host";
    return std::nullopt;
}

std::optional<std::string> read_public(std::string_view text, web_url& into) {
    if (auto reason = read_url(text, url_schemes::https, into)) return reason;
    return refuse_host_of(into);
}

/// Whether a verified prefix covers a URL, by its host or by host and path.
enum class cover { none, by_host, by_path };

cover covers(std::string_view verified, const web_url& url) {
    if (is_domain(verified)) {
        const std::string domain = lower_ascii(verified);
        const bool below = url.host.ends_with("." + domain);
        return below || url.host == domain ? cover::by_host : cover::none;
    }
    web_url prefix;
    if (read_public(verified, prefix) || prefix.host != url.host) return cover::none;
    if (prefix.path.empty() || prefix.path == "/") return cover::by_host;
    return is_path_under(url.path, prefix.path) ? cover::by_path : cover::none;
}

} // namespace

std::optional<std::string> refuse_host_of(const web_url& url) {
    if (url.port != 443) return "must use port 443";
    if (url.host.starts_with('[')) return "must not name an address";
    return refuse_name(url.host);
}

std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes) {
    web_url parsed;
    if (auto reason = read_public(url, parsed)) return reason;
    if (verified_prefixes.empty()) return std::nullopt;
    bool hidden = false; // under a prefix, but possibly not once its path is decoded
    for (const std::string& prefix : verified_prefixes) {
        const cover found = covers(prefix, parsed);
        if (found == cover::by_host || (found == cover::by_path && !has_escaped_slash(parsed.path)))
            return std::nullopt;
        hidden = hidden || found == cover::by_path;
    }
    if (hidden) return "must not hold escaped slashes, since a verified URL prefix decides by the path";
    return "is not under a verified URL prefix of the TikTok app";
}

std::optional<std::string> refuse_receiver_url(std::string_view url,
                                               const std::vector<std::string>& allowed_hosts, web_url& into) {
    if (auto reason = read_url(url, url_schemes::https, into)) return reason;
    if (into.host.starts_with('[')) return "must not name an IPv6 address"; // the resolver takes none
    if (matches_any(allowed_hosts, into.host)) return std::nullopt;
    return refuse_host_of(into);
}

std::optional<std::string> refuse_url_prefix(std::string_view prefix) {
    if (is_domain(prefix)) {
        const std::string name = lower_ascii(prefix);
        if (!is_host_name(name)) return "must name a host in plain letters, digits and hyphens (A-labels)";
        return refuse_name(name);
    }
    web_url parsed;
    if (auto reason = read_public(prefix, parsed)) return reason;
    if (!parsed.query.empty()) return "must not have a query";
    if (has_escaped_slash(parsed.path)) return "must not hold escaped slashes";
    return std::nullopt;
}

std::optional<web_url> read_web_address(std::string_view url) {
    web_url out;
    const bool lower_case = url.starts_with("https://") || url.starts_with("http://");
    if (!lower_case || read_url(url, url_schemes::https_or_http, out) || !out.query.empty())
        return std::nullopt;
    // A wildcard here would be compared literally.
    if (out.path.find('*') != std::string::npos || has_escaped_slash(out.path)) return std::nullopt;
    return out;
}

bool is_url_under(std::string_view url, std::string_view prefix) {
    web_url at, under;
    if (read_url(url, url_schemes::https_or_http, at) || read_url(prefix, url_schemes::https_or_http, under))
        return false;
    return at.secure == under.secure && at.host == under.host && at.port == under.port
           && !has_escaped_slash(at.path) && !has_escaped_slash(under.path)
           && is_path_under(at.path, under.path);
}

bool is_url_under_any(std::string_view url, const std::vector<std::string>& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [url](const std::string& prefix) { return is_url_under(url, prefix); });
}

} // namespace gateway
