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
    out.push_back('"');
    for (;;) {
        const char* const plain_end = json::skip_plain(text.data(), text.data() + text.size());
        const auto plain = static_cast<std::size_t>(plain_end - text.data());
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        if (static_cast<unsigned char>(text.front()) < 0x80) {
            append_escape(out, text.front());
            text.remove_prefix(1);
        } else {
            out.append(take_utf8(text));
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
