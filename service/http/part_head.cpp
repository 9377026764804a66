#include "http/part_head.hpp"

#include "http/wire_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace gateway::http {
namespace {

/// A token, or a quoted string; browsers escape only the quote in it, as %22 or \". Nothing when the closing
/// quote is missing.
std::optional<std::string> take_value(std::string_view& rest) {
    std::string text;
    if (rest.empty() || rest.front() != '"') {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        text = trimmed(rest.substr(0, end));
        rest.remove_prefix(end);
        return text;
    }
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        text.push_back(rest[at]);
    }
    if (at >= rest.size()) return std::nullopt;
    rest.remove_prefix(at + 1);
    return text;
}

/// `form-data; name="…"; filename="…"`.
bool read_disposition(std::string_view value, part_head& part) {
    constexpr std::string_view kind = "form-data";
    if (!same_word(trimmed(value.substr(0, value.find(';'))), kind)) return false;
    value.remove_prefix(std::min(value.find(';'), value.size()));
    bool named = false;
    while (!value.empty()) {
        value = trimmed(value.substr(1)); // the semicolon
        if (value.empty()) break;         // a trailing semicolon is common and harmless
        const std::size_t equals = value.find('=');
        if (equals == std::string_view::npos) return false;
        const std::string_view key = trimmed(value.substr(0, equals));
        value = trimmed(value.substr(equals + 1));
        auto text = take_value(value);
        if (!text) return false;
        if (same_word(key, "name") && std::exchange(named, true)) return false;
        if (same_word(key, "name"))
            part.name = std::move(*text);
        else if (same_word(key, "filename"))
            part.file_name = std::move(*text);
        value = trimmed(value);
        if (!value.empty() && value.front() != ';') return false;
    }
    return named;
}

bool read_field(std::string_view line, part_head& part, bool& disposed) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!all(token_byte, name) || !consists_of(value, is_value_byte_or_tab)) return false;
    if (same_word(name, "content-disposition"))
        return !std::exchange(disposed, true) && read_disposition(value, part);
    if (same_word(name, "content-length")) {
        if (part.length_bytes) return false;
        part.length_bytes = length_of(value);
        return part.length_bytes.has_value();
    }
    // RFC 7578 §4.7: deprecated; with base64 the bytes would not be those of the file.
    if (same_word(name, "content-transfer-encoding"))
        return same_word(value, "binary") || same_word(value, "8bit") || same_word(value, "7bit");
    return true;
}

/// Removes and gives the first line of `head` with its folded continuation lines (RFC 2046 allows folding).
std::optional<std::string> take_line(std::string_view& head) {
    std::string line;
    do {
        const std::size_t end = head.find("\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        line.append(head.substr(0, end));
        head.remove_prefix(end + 2);
    } while (!head.empty() && is_blank(head.front()));
    return line;
}

} // namespace

std::optional<part_head> read_part_head(std::string_view head) {
    part_head part;
    bool disposed = false;
    while (!head.starts_with("\r\n")) {
        const auto line = take_line(head);
        if (!line || !read_field(*line, part, disposed)) return std::nullopt;
    }
    if (!disposed) return std::nullopt;
    return part;
}

} // namespace gateway::http
