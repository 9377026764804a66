#include "base/secret_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace gateway {
namespace {

bool cut_line_end(std::string_view& text) {
    if (text.empty()) return false;
    if (text.front() == '\n' || text.front() == '\r') {
        text.remove_prefix(1);
    } else if (text.back() == '\n' || text.back() == '\r') {
        text.remove_suffix(1);
    } else if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    } else if (text.ends_with(byte_order_mark)) {
        text.remove_suffix(byte_order_mark.size());
    } else {
        return false;
    }
    return true;
}

} // namespace

std::string_view without_line_ends(std::string_view text) {
    while (cut_line_end(text)) {
    }
    return text;
}

std::string_view why_no_secret(std::string_view text) {
    const auto holds = [text](auto rule) { return std::any_of(text.begin(), text.end(), rule); };
    if (!text.empty() && is_blank(text.front()))
        return "begins with a blank, and must be visible ASCII with no blank at either end";
    if (!text.empty() && is_blank(text.back()))
        return "ends with a blank, and must be visible ASCII with no blank at either end";
    if (holds([](char letter) { return letter == '\n' || letter == '\r'; }))
        return "holds a line end in its middle, and must be one line of visible ASCII";
    if (holds([](unsigned char letter) { return letter >= 0x80; }))
        return "holds what is not ASCII, and must be visible ASCII";
    if (holds([](unsigned char letter) { return letter < 0x20 || letter == 0x7f; }))
        return "holds a control character, and must be visible ASCII";
    return {};
}

} // namespace gateway
