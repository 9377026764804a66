#include "base/json/write.hpp"

#include "base/json/plain.hpp"
#include "base/utf.hpp"

namespace gateway {
namespace {

void append_escape(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef", special = "\"\\\n\r\t", letters = "\"\\nrt";
    out.push_back('\\');
    if (const auto at = special.find(c); at != std::string_view::npos) return out.push_back(letters[at]);
    out.append("u00");
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    if (json::all_plain(text)) return append_all(out, "\"", text, "\""); // the usual case
    const char* at = text.data();
    const char* const end = at + text.size();
    out.push_back('"');
    while (at < end) {
        const char* const plain = json::skip_plain(at, end);
        out.append(at, static_cast<std::size_t>(plain - at));
        at = plain;
        if (at == end) break;
        if (static_cast<unsigned char>(*at) < 0x80) {
            append_escape(out, *at++);
            continue;
        }
        const std::size_t length = utf8_sequence({at, static_cast<std::size_t>(end - at)});
        if (length == 0) {
            out.append("\xef\xbf\xbd");
            ++at;
        } else {
            out.append(at, length);
            at += length;
        }
    }
    out.push_back('"');
}

void put_json_string(string_appender& out, std::string_view text) {
    if (json::all_plain(text)) return out.put("\"", text, "\"");
    std::string escaped;
    append_json_string(escaped, text);
    out.put(escaped);
}

void append_json_key(std::string& out, std::string_view key) {
    if (!out.empty() && out.back() != '{' && out.back() != '[') out.push_back(',');
    append_json_string(out, key);
    out.push_back(':');
}

} // namespace gateway
