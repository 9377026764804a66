#include "base/secret_text.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace gateway {
namespace {

bool cut_line_end(std::string_view& text) {
    for (const std::string_view end : {std::string_view{"\n"}, std::string_view{"\r"}, byte_order_mark}) {
        const bool in_front = text.starts_with(end);
        if (!in_front && !text.ends_with(end)) continue;
        text.remove_prefix(in_front ? end.size() : 0);
        text.remove_suffix(in_front ? 0 : end.size());
        return true;
    }
    return false;
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
