#include "http/request_target.hpp"

#include "http/wire_text.hpp"

#include <algorithm>

namespace gateway::http {
namespace {

failure refuse(const char* what) {
    return failure{errc::malformed_request, what};
}

/// Escapes that would change the meaning of the path if it were decoded again: dots, slashes, controls.
bool changes_meaning(int byte) {
    return byte < 0x20 || byte == 0x7f || byte == '.' || byte == '/' || byte == '\\';
}

bool is_dot_segment(std::string_view segment) {
    return segment == "." || segment == "..";
}

result<void> check_path(std::string_view path) {
    std::size_t segment_start = 1;
    for (std::size_t at = 1; at < path.size(); ++at) {
        const char c = path[at];
        if (c == '%') {
            const int byte = escaped_byte(path, at);
            if (byte < 0)
                return refuse("The path holds a % that begins no escape; a % itself is written %25.");
            if (changes_meaning(byte))
                return refuse("The path hides a dot, a slash or a control character in an escape.");
            at += 2;
        } else if (c == '/') {
            if (is_dot_segment(path.substr(segment_start, at - segment_start)))
                return refuse("The path holds a dot segment.");
            segment_start = at + 1;
        } else if (c == '[' || c == ']') {
            return unescaped(c);
        }
    }
    if (is_dot_segment(path.substr(segment_start))) return refuse("The path holds a dot segment.");
    return {};
}

result<void> check_query(std::string_view query) {
    for (std::size_t at = query.find('%'); at != std::string_view::npos; at = query.find('%', at + 3)) {
        const int byte = escaped_byte(query, at);
        if (byte < 0) return refuse("The query holds a % that begins no escape; a % itself is written %25.");
        if (byte == 0) return refuse("The query hides a NUL in an escape.");
    }
    return {};
}

struct known_scheme {
    std::string_view text;
    std::string_view default_port;
};
constexpr known_scheme known_schemes[] = {{"http://", "80"}, {"https://", "443"}};

/// Removes `scheme://authority`; false when the target is not in absolute form with an http scheme.
bool cut_authority(std::string_view& target, request_target& out) {
    for (const auto& scheme : known_schemes) {
        if (!same_word(target.substr(0, scheme.text.size()), scheme.text)) continue;
        target.remove_prefix(scheme.text.size());
        const std::size_t end = std::min(target.find_first_of("/?"), target.size());
        out.authority = target.substr(0, end);
        out.default_port = scheme.default_port;
        target.remove_prefix(end);
        return true;
    }
    return false;
}

struct server_name {
    std::string_view host, port;
};

server_name server_named(std::string_view authority, std::string_view default_port) {
    const std::size_t bracket = authority.rfind(']'); // an IPv6 address contains colons
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const auto port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon + 1);
    return {authority.substr(0, colon), port.empty() ? default_port : port};
}

bool is_port(std::string_view port) {
    return port.size() <= 5 && all(digit_byte, port) && length_of(port).value_or(0) <= 65535;
}

} // namespace

failure unescaped(char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto value = static_cast<unsigned char>(byte);
    const std::string escape{'%', digits[value >> 4], digits[value & 15]};
    return failure{errc::malformed_request,
                   "The request target holds a character that must be escaped as " + escape + "."};
}

result<request_target> parse_target(verb method, std::string_view target) {
    request_target out;
    if (target == "*") {
        if (method != verb::options) return refuse("The target * belongs to OPTIONS alone.");
        out.path = target;
        return out;
    }
    if (target.empty()) return refuse("The request target is empty.");
    if (target.front() != '/' && !cut_authority(target, out))
        return refuse("The request target is neither a path nor an http URL.");
    const std::size_t question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string_view::npos) out.query = target.substr(question + 1);
    if (out.path.empty()) out.path = "/";
    const auto path = check_path(out.path);
    if (path.has_error()) return path.error();
    const auto query = check_query(out.query);
    if (query.has_error()) return query.error();
    return out;
}

bool same_authority(std::string_view a, std::string_view b, std::string_view default_port) {
    const auto one = server_named(a, default_port);
    const auto other = server_named(b, default_port);
    return same_word(one.host, lower_ascii(other.host)) && one.port == other.port;
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 255 + 6) return false;
    std::string_view port;
    std::string_view name = host;
    if (host.front() == '[') {
        const std::size_t close = host.find(']');
        if (close == std::string_view::npos || close < 3) return false;
        const std::string_view address = host.substr(1, close - 1);
        if (address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
        if (address.find(':') == std::string_view::npos) return false;
        if (close + 1 == host.size()) return true;
        return host[close + 1] == ':' && is_port(host.substr(close + 2));
    }
    if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
        name = host.substr(0, colon);
        port = host.substr(colon + 1);
        if (!is_port(port)) return false;
    }
    return !name.empty() && all(host_byte, name);
}

} // namespace gateway::http
