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
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string lowered(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

struct parts {
    std::string host; // lower case
    std::string_view path_and_query;
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

std::optional<std::string> refuse_characters(std::string_view url) {
    for (std::size_t at = 0; at < url.size(); ++at) {
        const char c = url[at];
        if (c <= 0x20 || c >= 0x7f) return "must be plain ASCII without blanks or control characters";
        if (c == '#') return "must not have a fragment";
        if (std::string_view{"\\\"<>[]^`{|}"}.find(c) != std::string_view::npos)
            return "holds a character that must be escaped";
        if (c != '%') continue;
        if (at + 2 >= url.size() || !is_hex(url[at + 1]) || !is_hex(url[at + 2]))
            return "holds a % that begins no escape";
    }
    return std::nullopt;
}

/// A path that another parser would shorten is not compared with a prefix but refused.
bool has_dot_segment(std::string_view path_and_query) {
    const std::string path = lowered(path_and_query.substr(0, path_and_query.find('?')));
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        std::string segment = path.substr(begin, end - begin);
        for (std::size_t at = segment.find("%2e"); at != std::string::npos; at = segment.find("%2e"))
            segment.replace(at, 3, ".");
        if (segment == "." || segment == "..") return true;
        begin = end + 1;
    }
    return path.find("%2f") != std::string::npos || path.find("%5c") != std::string::npos
           || path.find("%00") != std::string::npos;
}

std::optional<std::string> split(std::string_view url, parts& out) {
    if (url.size() > max_url_bytes) return "must not be longer than 2048 bytes";
    if (auto reason = refuse_characters(url)) return reason;
    constexpr std::string_view scheme = "https://";
    if (lowered(url.substr(0, scheme.size())) != scheme) return "must be an https URL";
    url.remove_prefix(scheme.size());
    const std::size_t end = std::min(url.find_first_of("/?"), url.size());
    std::string_view authority = url.substr(0, end);
    out.path_and_query = url.substr(end);
    if (authority.find('@') != std::string_view::npos) return "must not hold a user name or password";
    if (authority.find('%') != std::string_view::npos) return "must not name an address";
    if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
        if (authority.substr(colon + 1) != "443") return "must use port 443";
        authority = authority.substr(0, colon);
    }
    out.host = lowered(authority);
    if (auto reason = refuse_host(out.host)) return reason;
    if (has_dot_segment(out.path_and_query)) return "must not hold dot segments or escaped slashes";
    return std::nullopt;
}

bool covers(std::string_view verified, const parts& url) {
    if (verified.find("://") == std::string_view::npos) {
        const std::string domain = lowered(verified);
        if (url.host == domain) return true;
        return url.host.size() > domain.size() && url.host.ends_with(domain)
               && url.host[url.host.size() - domain.size() - 1] == '.';
    }
    parts prefix;
    if (split(verified, prefix) || prefix.host != url.host) return false;
    if (prefix.path_and_query.empty() || prefix.path_and_query == "/") return true;
    if (!url.path_and_query.starts_with(prefix.path_and_query)) return false;
    // A prefix without its last slash is a segment of its own: /videos does not cover /videos2.
    return prefix.path_and_query.ends_with('/') || url.path_and_query.size() == prefix.path_and_query.size()
           || url.path_and_query[prefix.path_and_query.size()] == '/';
}

} // namespace

std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes) {
    parts parsed;
    if (auto reason = split(url, parsed)) return reason;
    if (verified_prefixes.empty()) return std::nullopt;
    const bool covered = std::any_of(verified_prefixes.begin(), verified_prefixes.end(),
                                     [&parsed](const std::string& prefix) { return covers(prefix, parsed); });
    if (!covered) return "is not under a verified URL prefix of the TikTok app";
    return std::nullopt;
}

std::optional<std::string> refuse_url_prefix(std::string_view prefix) {
    if (prefix.find("://") == std::string_view::npos) return refuse_host(lowered(prefix));
    parts parsed;
    if (auto reason = split(prefix, parsed)) return reason;
    if (parsed.path_and_query.find('?') != std::string_view::npos) return "must not have a query";
    return std::nullopt;
}

} // namespace gateway
