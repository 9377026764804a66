#include "base/url.hpp"

#include "base/lists.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace gateway {
namespace {

constexpr std::size_t name_bytes_max = 253, label_bytes_max = 63;

using maybe_fault = std::optional<std::string>;

bool is_address(int family, const std::string& text) {
    unsigned char space[sizeof(in6_addr)];
    return inet_pton(family, text.c_str(), space) == 1;
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= label_bytes_max && label.front() != '-' && label.back() != '-'
           && consists_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

maybe_fault refuse_text(std::string_view text) {
    if (text.size() > max_url_bytes)
        return "must not be longer than " + std::to_string(max_url_bytes) + " bytes";
    if (!consists_of(text, is_visible)) return "must be plain ASCII without blanks or control characters";
    if (text.find('#') != std::string_view::npos) return "must not have a fragment";
    if (text.find('\\') != std::string_view::npos)
        return "must not hold a backslash"; // browsers treat it as a slash
    return std::nullopt;
}

maybe_fault refuse_host(const std::string& host) {
    if (host.empty()) return "must name a host";
    if (host.starts_with('[')) {
        const bool good = host.ends_with(']') && is_address(AF_INET6, host.substr(1, host.size() - 2));
        return good ? maybe_fault{} : "must not name an address";
    }
    if (host.find('%') != std::string::npos) return "must not name an address";
    if (!is_host_name(host))
        return "must name a host in plain letters, digits and hyphens (A-labels), not an address";
    if (ends_like_address(host) && !is_address(AF_INET, host)) return "must not name an address";
    return std::nullopt;
}

maybe_fault read_authority(std::string_view authority, web_url& into) {
    if (authority.find('@') != std::string_view::npos) return "must not hold a user name or password";
    const auto bracket = authority.find(']'); // an IPv6 address contains colons
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon != std::string_view::npos) {
        const auto port = authority.substr(colon + 1);
        const auto number = port.starts_with('0') ? std::nullopt : parse_number<std::uint16_t>(port);
        if (!number) return "must use port 443";
        into.port = *number;
    }
    into.host = lower_ascii(authority.substr(0, colon));
    return refuse_host(into.host);
}

bool has_dot_segment(std::string_view path) {
    std::string small = lower_ascii(path);
    for (auto at = small.find("%2e"); at != std::string::npos; at = small.find("%2e", at))
        small.replace(at, 3, ".");
    return list_holds(small, '/', ".") || list_holds(small, '/', "..");
}

maybe_fault refuse_path(std::string_view path) {
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (std::string_view{"\"<>[]^`{|}"}.find(path[at]) != std::string_view::npos)
            return "holds a character that must be escaped";
        if (path[at] != '%') continue;
        const int byte = escaped_byte(path, at);
        if (byte < 0) return "holds a % that begins no escape";
        if (byte == 0) return "must not hold %00";
    }
    if (has_dot_segment(path)) return "must not hold dot segments";
    return std::nullopt;
}

} // namespace

bool web_url::on_loopback() const {
    return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && ends_like_address(host));
}

maybe_fault read_url(std::string_view text, url_schemes takes, web_url& into) {
    if (auto fault = refuse_text(text)) return fault;
    const std::size_t colon = text.find("://");
    const std::string scheme = lower_ascii(text.substr(0, colon));
    into.secure = scheme == "https";
    if (colon == std::string_view::npos
        || !(into.secure || (scheme == "http" && takes == url_schemes::https_or_http)))
        return "must be an https URL";
    text.remove_prefix(colon + 3);
    const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
    const std::size_t path_end = std::min(text.find('?', authority_end), text.size());
    into.port = into.secure ? 443 : 80;
    into.path = text.substr(authority_end, path_end - authority_end);
    into.query = text.substr(path_end);
    if (auto fault = read_authority(text.substr(0, authority_end), into)) return fault;
    return refuse_path(into.path);
}

bool has_escaped_slash(std::string_view path) {
    const std::string small = lower_ascii(path);
    return small.find("%2f") != std::string::npos || small.find("%5c") != std::string::npos;
}

bool is_path_under(std::string_view path, std::string_view prefix) {
    if (path.empty()) path = "/";
    if (prefix.empty()) prefix = "/";
    if (!path.starts_with(prefix)) return false;
    return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

bool is_host_name(std::string_view host) {
    if (host.size() > name_bytes_max || host.ends_with('.')) return false;
    do {
        if (!is_label(next_piece(host, '.'))) return false;
    } while (!host.empty());
    return true;
}

bool ends_like_address(std::string_view host) {
    const auto last = host.substr(host.rfind('.') + 1); // the whole host if there is no dot
    return !last.empty() && is_digit(last.front());
}

} // namespace gateway
