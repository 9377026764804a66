#include "base/url_rules.hpp"

#include <algorithm>

namespace gateway {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
struct parts {
    std::string host; // lower case
    std::string_view path;
    std::string_view query;
};

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

/// Names only. Every notation of an address that resolvers take (decimal, octal, hexadecimal, short) ends in
/// a label of digits or of 0x and hexadecimal digits; a public name never does (RFC 3696 §2: top-level labels
/// are not numeric).
std::optional<std::string> refuse_host(std::string_view host) {
    if (host.empty()) return "must name a host";
    if (host.size() > 253) return "must not name a host longer than 253 characters";
    std::string_view rest = host;
    std::string_view label;
    std::size_t labels = 0;
    while (true) {
        const std::size_t dot = rest.find('.');
        label = rest.substr(0, dot);
        if (!is_label(label))
            return "must name a host in plain letters, digits and hyphens (A-labels), not an address";
        ++labels;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    if (labels < 2) return "must name a public host";
    if (is_digit(label.front())) return "must not name an address";
    return std::nullopt;
}

std::optional<std::string> split(std::string_view url, parts& out) {
    if (auto reason = refuse_url_text(url)) return reason;
    const auto cut = cut_url(url);
    if (!cut || lower_ascii(cut->scheme) != "https") return "must be an https URL";
    std::string_view authority = cut->authority;
    if (authority.find('@') != std::string_view::npos) return "must not hold a user name or password";
    if (authority.find_first_of("%[") != std::string_view::npos) return "must not name an address";
    if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
        if (authority.substr(colon + 1) != "443") return "must use port 443";
        authority = authority.substr(0, colon);
    }
    out.host = lower_ascii(authority);
    out.path = cut->path;
    out.query = cut->query;
    if (auto reason = refuse_host(out.host)) return reason;
    return refuse_path(out.path);
}

/// Whether a verified prefix holds a URL: by its host, or by host and path.
enum class cover { none, by_host, by_path };

cover covers(std::string_view verified, const parts& url) {
    if (verified.find("://") == std::string_view::npos) {
        const std::string domain = lower_ascii(verified);
        const bool below = url.host.size() > domain.size() && url.host.ends_with(domain)
                           && url.host[url.host.size() - domain.size() - 1] == '.';
        return below || url.host == domain ? cover::by_host : cover::none;
    }
    parts prefix;
    if (split(verified, prefix) || prefix.host != url.host) return cover::none;
    if (prefix.path.empty() || prefix.path == "/") return cover::by_host;
    return path_lies_under(url.path, prefix.path) ? cover::by_path : cover::none;
}

} // namespace

std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes) {
    parts parsed;
    if (auto reason = split(url, parsed)) return reason;
    if (verified_prefixes.empty()) return std::nullopt;
    bool hidden = false; // under a prefix as it stands, but who decodes its path may see another one
    for (const std::string& prefix : verified_prefixes) {
        const cover found = covers(prefix, parsed);
        if (found == cover::by_host || (found == cover::by_path && !hides_slash(parsed.path)))
            return std::nullopt;
        hidden = hidden || found == cover::by_path;
    }
    if (hidden) return "must not hold escaped slashes, since a verified URL prefix decides by the path";
    return "is not under a verified URL prefix of the TikTok app";
}

std::optional<std::string> refuse_url_prefix(std::string_view prefix) {
    if (prefix.find("://") == std::string_view::npos) return refuse_host(lower_ascii(prefix));
    parts parsed;
    if (auto reason = split(prefix, parsed)) return reason;
    if (!parsed.query.empty()) return "must not have a query";
    if (hides_slash(parsed.path)) return "must not hold escaped slashes";
    return std::nullopt;
}

} // namespace gateway
