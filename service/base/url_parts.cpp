#include "base/url_parts.hpp"

#include <algorithm>

namespace gateway {
namespace {

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_dots(std::string segment) {
    for (auto at = segment.find("%2e"); at != std::string::npos; at = segment.find("%2e"))
        segment.replace(at, 3, ".");
    return segment == "." || segment == "..";
}

bool has_dot_segment(std::string_view path) {
    const std::string small = lower_ascii(path);
    for (std::size_t begin = 0; begin <= small.size();) {
        const std::size_t end = std::min(small.find('/', begin), small.size());
        if (is_dots(small.substr(begin, end - begin))) return true;
        begin = end + 1;
    }
    return false;
}

} // namespace

std::string lower_ascii(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

std::optional<std::string> refuse_url_text(std::string_view url) {
    if (url.size() > max_url_bytes)
        return "must not be longer than " + std::to_string(max_url_bytes) + " bytes";
    for (const char c : url) {
        if (c <= 0x20 || c >= 0x7f) return "must be plain ASCII without blanks or control characters";
        if (c == '#') return "must not have a fragment";
        if (c == '\\') return "must not hold a backslash";
    }
    return std::nullopt;
}

std::optional<url_parts> cut_url(std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    url_parts out;
    out.scheme = url.substr(0, colon);
    url.remove_prefix(colon + 3);
    const std::size_t authority_end = std::min(url.find_first_of("/?"), url.size());
    const std::size_t path_end = std::min(url.find('?', authority_end), url.size());
    out.authority = url.substr(0, authority_end);
    out.path = url.substr(authority_end, path_end - authority_end);
    out.query = url.substr(path_end);
    return out;
}

std::optional<std::string> refuse_path(std::string_view path) {
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (std::string_view{"\\\"<>[]^`{|}"}.find(path[at]) != std::string_view::npos)
            return "holds a character that must be escaped";
        if (path[at] != '%') continue;
        if (at + 2 >= path.size() || !is_hex(path[at + 1]) || !is_hex(path[at + 2]))
            return "holds a % that begins no escape";
        if (path.substr(at, 3) == "%00") return "must not hold %00";
    }
    if (has_dot_segment(path)) return "must not hold dot segments";
    return std::nullopt;
}

bool hides_slash(std::string_view path) {
    const std::string small = lower_ascii(path);
    return small.find("%2f") != std::string::npos || small.find("%5c") != std::string::npos;
}

bool path_lies_under(std::string_view path, std::string_view prefix) {
    if (path.empty()) path = "/";
    if (prefix.empty()) prefix = "/";
    if (!path.starts_with(prefix)) return false;
    return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

} // namespace gateway
