#include "base/web_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace gateway {
namespace {

constexpr std::size_t address_bytes_max = 2048;
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_plain(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

std::string lowered(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
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

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_path(std::string_view path) {
    const std::string small = lowered(path);
    for (std::size_t at = 0; at < small.size(); ++at) {
        const char c = small[at];
        if (c == '%' && (at + 2 >= small.size() || !is_hex(small[at + 1]) || !is_hex(small[at + 2])))
            return false;
        // RFC 3986's path characters, without `*`: a wildcard here would be taken by its letter.
        if (!is_plain(c) && std::string_view{"/-._~%!$&'()+,;=:@"}.find(c) == std::string_view::npos)
            return false;
    }
    for (const std::string_view disguised : {"%2e", "%2f", "%5c"})
        if (small.find(disguised) != std::string::npos) return false;
    const std::string whole = small + "/";
    return whole.find("/./") == std::string::npos && whole.find("/../") == std::string::npos;
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
    into.host = lowered(authority.substr(0, colon));
    return is_host(into.host);
}

} // namespace

bool web_address::on_loopback() const {
    return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_address(AF_INET, host));
}

std::optional<web_address> read_web_address(std::string_view url) {
    constexpr std::string_view plain_scheme = "http://";
    constexpr std::string_view secure_scheme = "https://";
    web_address out;
    out.secure = url.starts_with(secure_scheme);
    if (url.size() > address_bytes_max || (!out.secure && !url.starts_with(plain_scheme)))
        return std::nullopt;
    out.port = out.secure ? 443 : 80;
    url.remove_prefix(out.secure ? secure_scheme.size() : plain_scheme.size());
    const auto slash = std::min(url.find('/'), url.size());
    out.path = url.substr(slash);
    if (!read_authority(url.substr(0, slash), out) || !is_path(out.path)) return std::nullopt;
    return out;
}

} // namespace gateway
