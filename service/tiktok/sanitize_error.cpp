#include "tiktok/sanitize_error.hpp"

#include "http/wire_text.hpp"

#include <algorithm>
#include <array>

namespace gateway::tiktok {
namespace {

constexpr std::string_view removed = "[removed]";
constexpr std::string_view between_words = " \t\r\n\"'<>(),;";
constexpr std::size_t short_bytes_max = 64;

/// Compares sizes first, because the token's memory is not in the cache any more.
bool holds(std::string_view word, std::string_view part) {
    return part.size() <= word.size() && word.find(part) != std::string_view::npos;
}

bool is_secret(std::string_view word, std::string_view access_token) {
    constexpr std::array<std::string_view, 5> marks{"act.", "rft.", "clt.", "upload_token", "upload_id"};
    if (!access_token.empty() && holds(word, access_token)) return true;
    return std::any_of(marks.begin(), marks.end(), [word](auto mark) { return holds(word, mark); });
}

/// Not in the middle of a UTF-8 sequence.
std::string_view cut(std::string_view text) {
    if (text.size() <= message_bytes_max) return text;
    std::size_t end = message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end);
}

} // namespace

std::string without_secrets(std::string_view text, std::string_view access_token) {
    std::string out;
    while (!text.empty()) {
        const std::size_t gap = std::min(text.find_first_not_of(between_words), text.size());
        out.append(text.substr(0, gap));
        text.remove_prefix(gap);
        const std::size_t size = std::min(text.find_first_of(between_words), text.size());
        const auto word = text.substr(0, size);
        out.append(is_secret(word, access_token) ? removed : word);
        text.remove_prefix(size);
    }
    return std::string(cut(out)); // cut last: a token that was cut first might not be known any more
}

std::string plain_code(std::string_view text) {
    const bool plain = text.size() <= short_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                       });
    return plain ? std::string(text) : std::string{};
}

std::string_view plain_log_id(std::string_view text, std::string_view access_token) {
    const bool plain = text.size() <= short_bytes_max && http::all(http::alphanumeric_byte, text);
    const bool echo = !access_token.empty() && holds(text, access_token);
    return plain && !echo ? text : std::string_view{};
}

tiktok_error_text sanitize_error(tiktok_error_text words, std::string_view access_token) {
    words.code = plain_code(words.code);
    words.message = without_secrets(words.message, access_token);
    words.log_id = std::string(plain_log_id(words.log_id, access_token));
    return words;
}

} // namespace gateway::tiktok
