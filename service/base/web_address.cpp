#include "base/web_address.hpp"

#include "base/url_parts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace gateway {
namespace {

constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_plain(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z');
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= label_bytes_max && label.front() != '-' && label.back() != '-'
           && std::all_of(label.begin(), label.end(), [](char c) { return is_plain(c) || c == '-'; });
}

/// Gives the last label too: by it a name and an address are told apart.
bool is_name(std::string_view host, std::string_view& last) {
    if (host.size() > name_bytes_max) return false;
    while (true) {
        const auto dot = host.find('.');
        last = host.substr(0, dot);
        if (!is_label(last)) return false;
        if (dot == std::string_view::npos) return true;
        host.remove_prefix(dot + 1);
    }
}

bool is_address(int family, const std::string& text) {
    unsigned char space[sizeof(in6_addr)];
    return inet_pton(family, text.c_str(), space) == 1;
}

bool is_host(const std::string& host) {
    if (host.starts_with('['))
        return host.ends_with(']') && is_address(AF_INET6, host.substr(1, host.size() - 2));
    std::string_view last;
    if (!is_name(host, last)) return false;
    // Resolvers take 2130706433, 0x7f.1 and more for addresses; every such notation ends in a label that
    // begins with a digit, and no top-level name does (RFC 3696 §2).
    return !is_digit(last.front()) || is_address(AF_INET, host);
}

/// It is a prefix of others, or gets more appended, so nothing in it may read differently after decoding.
bool is_path(std::string_view path) {
    // RFC 3986's path characters, without `*`: a wildcard here would be taken by its letter.
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
        return is_plain(lower(c)) || std::string_view{"/-._~%!$&'()+,;=:@"}.find(c) != std::string_view::npos;
    });
    return plain && !refuse_path(path) && !hides_slash(path);
}

bool read_port(std::string_view text, std::uint16_t& into) {
    const char* const last = text.data() + text.size();
    const auto [end, wrong] = std::from_chars(text.data(), last, into);
    return wrong == std::errc{} && end == last && into != 0;
}

bool read_authority(std::string_view authority, web_address& into) {
    const auto host_end = authority.starts_with('[') ? authority.find(']') : 0;
    if (host_end == std::string_view::npos) return false;
    const auto colon = authority.find(':', host_end);
    if (colon != std::string_view::npos && !read_port(authority.substr(colon + 1), into.port)) return false;
    into.host = lower_ascii(authority.substr(0, colon));
    return is_host(into.host);
}

} // namespace

bool web_address::on_loopback() const {
    return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_address(AF_INET, host));
}

std::optional<web_address> read_web_address(std::string_view url) {
    const auto cut = refuse_url_text(url) ? std::nullopt : cut_url(url);
    if (!cut || !cut->query.empty() || (cut->scheme != "https" && cut->scheme != "http")) return std::nullopt;
    web_address out;
    out.secure = cut->scheme == "https";
    out.port = out.secure ? 443 : 80;
    out.path = cut->path;
    if (!read_authority(cut->authority, out) || !is_path(out.path)) return std::nullopt;
    return out;
}

} // namespace gateway
