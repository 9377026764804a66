#include "base/utf.hpp"

namespace gateway {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : static_cast<unsigned char>(0);
}

bool continues(unsigned char byte) {
    return (byte & 0xc0) == 0x80;
}

} // namespace

std::size_t utf8_sequence(std::string_view text) {
    const unsigned char first = byte_at(text, 0);
    const unsigned char second = byte_at(text, 1);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4 || !continues(second)) return 0;
    if (first < 0xe0) return 2;
    if (!continues(byte_at(text, 2))) return 0;
    if (first < 0xf0) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    const bool overlong = first == 0xf0 && second < 0x90;
    const bool beyond = first == 0xf4 && second > 0x8f;
    return overlong || beyond || !continues(byte_at(text, 3)) ? 0 : 4;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string_view take_utf8(std::string_view& rest) {
    const std::size_t length = utf8_sequence(rest);
    const auto taken = length == 0 ? std::string_view{"\xef\xbf\xbd"} : rest.substr(0, length);
    rest.remove_prefix(length == 0 ? 1 : length);
    return taken;
}

std::size_t utf16_length(std::string_view text) {
    // One unit per sequence, two for a sequence of four bytes; continuation bytes are not counted.
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (!continues(byte)) units += byte >= 0xf0 ? 2 : 1;
    }
    return units;
}

} // namespace gateway
