#include "tables/wrong_kinds.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <limits>

namespace tables {
namespace json = boost::json;
std::vector<wrong_value> wrong_texts(const input_shape& of) {
    const auto size = [&](std::int64_t units) {
        return "must be " + bounds(of) + " UTF-16 units long, not " + std::to_string(units);
    };
    const std::string control =
        std::string("must not hold control characters") + (of.multiline ? " other than \\n" : "");
    const auto max = static_cast<std::size_t>(of.max);
    std::string emojis; // two UTF-16 units each, so this is too long only in units
    for (std::size_t i = 0; i <= max / 2; ++i)
        emojis += "\xf0\x9f\x98\x80";
    const auto emoji_units = static_cast<std::int64_t>(2 * (max / 2 + 1));
    std::vector<wrong_value> out{
        {"Number", 5, "must be a string"},
        {"List", json::array{"a"}, "must be a string"},
        {"TooLong", text(std::string(max + 1, 'a')), size(of.max + 1)},
        {"TooLongInUtf16Units", text(emojis), size(emoji_units)},
        {"CarriageReturn", text("a\rX-Evil: 1"), control},
        {"TwoCarriageReturns", text("a\r\r\nX-Evil: 1"), control},
        {"CarriageReturnAtTheEnd", text("a\r\nb\r"), control},
        {"Tab", text("a\tb"), control},
        {"Nul", text(std::string_view("a\0b", 3)), control, {}, true},
        {"Delete", text("a\x7f"), control},
        {"C1Control", text("a\xc2\x85"), control},
    };
    if (!of.multiline) out.push_back({"NewLine", text("a\nb"), control});
    if (!of.multiline) out.push_back({"NewLineOfWindows", text("a\r\nb"), control});
    if (of.min > 0) out.push_back({"Empty", text(""), size(0)});
    return out;
}

std::vector<wrong_value> wrong_integers(const input_shape& of) {
    const std::string whole = "must be a whole number", range = "must be " + bounds(of);
    return {{"Word", text("five"), whole},
            {"Empty", text(""), whole},
            {"Digits", text("5"), whole, {}, true},
            {"Fraction", 5.5, whole},
            {"Bool", true, whole},
            {"List", json::array{1}, whole},
            {"TooLow", of.min - 1, range},
            {"TooHigh", of.max + 1, range},
            {"Huge", std::numeric_limits<std::uint64_t>::max(), range, {}, true}};
}

std::vector<wrong_value> wrong_booleans() {
    const std::string reason = "must be exactly true or false, without quotes";
    return {{"Word", text("yes"), reason},
            {"One", text("1"), reason},
            {"Zero", text("0"), reason},
            {"Capital", text("True"), reason},
            {"Empty", text(""), reason},
            {"Shouted", text("TRUE"), reason},
            {"Quoted", text("true"), reason, {}, true},
            {"Number", 1, reason}};
}

std::vector<wrong_value> wrong_choices(const input_shape& of) {
    std::string one_of = "must be one of ";
    for (const auto& each : of.choices)
        one_of += (&each == &of.choices.front() ? "" : ", ") + each;
    const auto& first = of.choices.front();
    return {{"Unknown", text("PUBLIC"), one_of},
            {"Empty", text(""), one_of},
            {"Two", text(first + '|' + of.choices.back()), one_of},
            {"WithBlank", text(first + ' '), one_of},
            {"Number", 5, "must be a string"}};
}

std::vector<wrong_value> wrong_times() {
    const std::string reason = "must be a time of RFC 3339, as 2026-11-23T16:18:36Z";
    std::vector<wrong_value> out{{"Number", 1'795'000'000, reason}};
    for (const char* given : {"", "yesterday", "2026-11-23", "2026-11-23T16:18:36", "2026-02-30T00:00:00Z",
                              "2026-11-23T24:00:00Z", "2026-11-23T16:18:36+01", "1969-12-31T23:59:59Z"})
        out.push_back({std::string("Of") + given, text(given), reason});
    return out;
}

std::vector<wrong_value> wrong_fields(const input_shape& of) {
    const auto unknown = [](std::string_view name) {
        return "holds \"" + std::string(name) + "\", which is no field of TikTok's";
    };
    const auto& known = of.choices.front();
    return {{"Unknown", text(known + ",profile_web_link"), unknown("profile_web_link")},
            {"Empty", text(""), unknown("")},
            {"Gap", text(known + ",," + known), unknown("")},
            {"CommaAtTheEnd", text(known + ","), unknown("")},
            {"LongName", text(std::string(65, 'a')), "names no field of TikTok's"},
            {"UnknownInList", json::array{text(known), "nope"}, unknown("nope")},
            {"NumberInList", json::array{text(known), 5}, "must be a list of strings"},
            {"Number", 5, "must be a list of field names"}};
}

} // namespace tables
