#include "http/media_type.hpp"

#include "http/wire_text.hpp"

#include <utility>

namespace gateway::http {
namespace {

std::string_view take_token(std::string_view& rest) {
    const char* const end = skip_token(rest.data(), rest.data() + rest.size());
    const std::string_view token = rest.substr(0, static_cast<std::size_t>(end - rest.data()));
    rest.remove_prefix(token.size());
    return token;
}

/// A token or a quoted string with its quoted pairs unchanged; nothing when it is neither.
std::optional<std::string_view> take_value(std::string_view& rest) {
    if (rest.empty() || rest.front() != '"') {
        const std::string_view token = take_token(rest);
        if (token.empty()) return std::nullopt;
        return token;
    }
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '"') {
        if (rest[end] == '\\') ++end; // the next byte is literal
        if (end >= rest.size() || !is_value_byte_or_tab(rest[end])) return std::nullopt;
        ++end;
    }
    if (end >= rest.size()) return std::nullopt;
    const std::string_view inside = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return inside;
}

bool is_boundary(std::string_view text) {
    if (text.empty() || text.size() > 70 || text.back() == ' ') return false;
    for (const char c : text)
        if (!is(host_byte, c) && std::string_view{"'()+,/:=? "}.find(c) == std::string_view::npos)
            return false;
    return true;
}

} // namespace

bool media_type::is(std::string_view lower_type, std::string_view lower_subtype) const {
    return same_word(type, lower_type) && same_word(subtype, lower_subtype);
}

bool media_type::is_video() const {
    return same_word(type, "video");
}

std::optional<media_type> parse_media_type(std::string_view value) {
    media_type out;
    std::string_view rest = trimmed(value);
    out.type = take_token(rest);
    if (out.type.empty() || rest.empty() || rest.front() != '/') return std::nullopt;
    rest.remove_prefix(1);
    out.subtype = take_token(rest);
    if (out.subtype.empty()) return std::nullopt;
    bool charset = false;
    bool boundary = false;
    for (rest = trimmed(rest); !rest.empty(); rest = trimmed(rest)) {
        if (rest.front() != ';') return std::nullopt;
        rest.remove_prefix(1);
        rest = trimmed(rest);
        if (rest.empty() || rest.front() == ';') continue; // an empty parameter (RFC 9110 §5.6.6)
        const std::string_view name = take_token(rest);
        if (name.empty() || rest.empty() || rest.front() != '=') return std::nullopt;
        rest.remove_prefix(1);
        const auto parameter = take_value(rest);
        if (!parameter) return std::nullopt;
        if (same_word(name, "charset")) {
            const bool plain = parameter->find('\\') == std::string_view::npos;
            if (std::exchange(charset, true) || !plain) return std::nullopt;
            out.charset = *parameter;
        } else if (same_word(name, "boundary")) {
            if (std::exchange(boundary, true) || !is_boundary(*parameter)) return std::nullopt;
            out.boundary = *parameter;
        }
    }
    return out;
}

} // namespace gateway::http
