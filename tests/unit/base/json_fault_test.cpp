// Why a body is refused as JSON: one cause, and its place.
#include "base/json/fault.hpp"
#include "base/json/scan.hpp"
#include "base/json/strict.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

using namespace gateway;

namespace {

constexpr std::string_view number = "this is not how JSON writes a number";
constexpr std::string_view value = "no value begins so";
constexpr std::string_view twice = "the same key stands twice in one object";
constexpr std::string_view range = "this number fits no 64-bit type";
constexpr std::string_view missing = "a value is missing before this";
constexpr std::string_view deep = "objects and lists are nested deeper than 32 here";
constexpr std::string_view ended = "the JSON has ended before this";
constexpr std::string_view control = "a control character in a text must be written as an escape";
constexpr std::string_view half = "this \\u escape is half a character";
constexpr std::string_view object_open = "it ends inside of an object; a closing } is missing";
constexpr std::string_view list_open = "it ends inside of a list; a closing ] is missing";

struct bad_json {
    std::string text;
    std::string_view cause; // the beginning of it
    std::string_view place;
};

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

const bad_json table[] = {
    {"", "it is empty", "line 1, byte 1"},
    {" \n ", "it is empty", "line 2, byte 2"},
    {"\xef\xbb\xbf{}", "it begins with a byte order mark", "line 1, byte 1"},
    {"{", object_open, "line 1, byte 2"},
    {"{\"a\":1", object_open, "line 1, byte 7"},
    {"{\"a\":", object_open, "line 1, byte 6"},
    {"[1,\n", list_open, "line 2, byte 1"},
    {"[[]", list_open, "line 1, byte 4"},
    {R"({"a":1 "b":2})", "a comma or } is missing before this", "line 1, byte 8"},
    {"{\n  \"a\": 1\n  \"b\": 2\n}", "a comma or } is missing before this", "line 3, byte 3"},
    {R"({"a":[1}])", "a comma or ] is missing before this", "line 1, byte 8"},
    {R"({"a":{"b":1]})", "a comma or } is missing before this", "line 1, byte 12"},
    {R"([1 2])", "a comma or ] is missing before this", "line 1, byte 4"},
    {R"(["a" "b"])", "a comma or ] is missing before this", "line 1, byte 6"},
    {R"({"a" 1})", "a colon is missing before this", "line 1, byte 6"},
    {R"({"a" "b"})", "a colon is missing before this", "line 1, byte 6"},
    {R"({"a":1,"b","c"})", "a colon is missing before this", "line 1, byte 11"},
    {R"({"a":1,})", "behind the last member there is a comma too many", "line 1, byte 8"},
    {R"([1,])", "behind the last item there is a comma too many", "line 1, byte 4"},
    {R"({"a":})", missing, "line 1, byte 6"},
    {R"({"a":,})", missing, "line 1, byte 6"},
    {R"([,1])", missing, "line 1, byte 2"},
    {R"([1,,2])", missing, "line 1, byte 4"},
    {R"(])", missing, "line 1, byte 1"},
    {R"({a:1})", "a key must be a text in double quotes", "line 1, byte 2"},
    {R"({'a':1})", "a key must be a text in double quotes", "line 1, byte 2"},
    {R"({1:1})", "a key must be a text in double quotes", "line 1, byte 2"},
    {R"({{}})", "a key must be a text in double quotes", "line 1, byte 2"},
    {R"({,})", "a key must be a text in double quotes", "line 1, byte 2"},
    {R"({} {})", ended, "line 1, byte 4"},
    {R"({}x)", ended, "line 1, byte 3"},
    {"{}\n\n}", ended, "line 3, byte 1"},
    {R"("a"b)", ended, "line 1, byte 4"},
    {R"([01])", number, "line 1, byte 3"},
    {R"([-])", number, "line 1, byte 3"},
    {R"([+1])", number, "line 1, byte 2"},
    {R"([.5])", number, "line 1, byte 2"},
    {R"([1.])", number, "line 1, byte 4"},
    {R"([1.5.2])", number, "line 1, byte 5"},
    {R"([1e])", number, "line 1, byte 4"},
    {R"([1e+])", number, "line 1, byte 5"},
    {R"([0x1F])", number, "line 1, byte 3"},
    {R"([-Infinity])", number, "line 1, byte 3"},
    {"1.", number, "line 1, byte 3"},
    {R"([NaN])", value, "line 1, byte 2"},
    {R"([True])", value, "line 1, byte 2"},
    {R"([nul])", value, "line 1, byte 2"},
    {R"([truefalse])", value, "line 1, byte 6"},
    {R"(['a'])", value, "line 1, byte 2"},
    {R"(// a)", value, "line 1, byte 1"},
    {"[\xff]", value, "line 1, byte 2"},
    {"[\"a\tb\"]", control, "line 1, byte 4"},
    {"{\"a\":\"one\ntwo\"}", control, "line 1, byte 10"},
    {"{\"a\nb\":1}", control, "line 1, byte 4"},
    {R"(["a\x"])", "this is no escape; a backslash is written \\\\", "line 1, byte 4"},
    {R"(["C:\Users"])", "this is no escape", "line 1, byte 5"},
    {R"(["\u12"])", "this is no escape", "line 1, byte 3"},
    {R"({"\q":1})", "this is no escape", "line 1, byte 3"},
    {R"(["\ud800"])", half, "line 1, byte 3"},
    {R"(["\udc00"])", half, "line 1, byte 3"},
    {R"(["\ud800\u0041"])", half, "line 1, byte 3"},
    {"[\"a\xff\"]", "this byte is not UTF-8", "line 1, byte 4"},
    {"[\"\xc0\xaf\"]", "this byte is not UTF-8", "line 1, byte 3"},
    {"[\"\xed\xa0\x80\"]", "this byte is not UTF-8", "line 1, byte 3"},
    {"[\"\xc3\xa4\xe6\x97\"]", "this byte is not UTF-8", "line 1, byte 5"},
    {R"({"a":"b)", "the text that begins here has no closing quote", "line 1, byte 6"},
    {R"({"a)", "the text that begins here has no closing quote", "line 1, byte 2"},
    {R"({"a":1,"a":2})", twice, "line 1, byte 8"},
    {R"({"a":1,"\u0061":2})", twice, "line 1, byte 8"},
    {"{\"x\":{\"a\":1},\n \"y\":[{\"a\":1,\n\"a\":2}]}", twice, "line 3, byte 1"},
    {R"([18446744073709551616])", range, "line 1, byte 2"},
    {R"([-9223372036854775809])", range, "line 1, byte 2"},
    {R"([1, 1e999])", range, "line 1, byte 5"},
    {nested(33), deep, "line 1, byte 33"},
    {nested(100'000), deep, "line 1, byte 33"},
    {R"({"a":1,"a":2)", twice, "line 1, byte 8"}, // the first of two faults
};

TEST(JsonFault, HourJOneCauseAndItsPlaceAreTold) {
    for (const auto& each : table) {
        const auto read = parse_json(each.text, "The body");
        ASSERT_FALSE(read) << each.text.substr(0, 60);
        EXPECT_EQ(read.error().code(), errc::malformed_json);
        const std::string sentence = "The body cannot be read as JSON: " + std::string(each.cause);
        const std::string place = " (" + std::string(each.place) + ").";
        EXPECT_TRUE(read.error().message().starts_with(sentence)) << each.text.substr(0, 60) << '\n'
                                                                  << read.error().message();
        EXPECT_TRUE(read.error().message().ends_with(place)) << each.text.substr(0, 60) << '\n'
                                                             << read.error().message();
    }
}

TEST(JsonFault, HourJAValueTooManyIsTheFirstBehindTheBound) {
    std::string text = "[0";
    for (std::size_t i = 1; i < max_json_values; ++i)
        text += ",0";
    const auto read = parse_json(text + "]");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message(),
              "The body cannot be read as JSON: here is one value more than the 10000 "
              "that are read (line 1, byte 20000).");
    text.resize(text.size() - 2);
    EXPECT_TRUE(parse_json(text + "]")) << "the list itself is a value, too";
}

TEST(JsonFault, HourJWhatIsReadHasNone) {
    const std::string all[] = {"{}", R"( [1,2.5e3,"\ud83d\ude00"] )", R"({"a":{"a":1}})", "7", nested(32)};
    for (const auto& good : all)
        EXPECT_FALSE(find_json_fault(good, max_json_depth, max_json_values)) << good;
}

TEST(JsonFault, HourJNoPlaceLiesOutsideOfTheText) {
    const std::string whole =
        "{\"a\":[1,-2.5e+3,\"x\\u00e4\\n\\ud83d\\ude00\",true,null],\n\"b\":{\"c\":\"\xc3\xa4\"}}";
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const char byte : {'\0', '"', ',', '}', 'x', '9', '\xff'}) {
            auto text = whole;
            text[at] = byte;
            const auto fault = find_json_fault(text, max_json_depth, max_json_values);
            EXPECT_EQ(fault.has_value(), parse_json(text).has_error()) << text;
            EXPECT_LE(fault ? fault->at : 0, text.size()) << text;
        }
        const auto cut = whole.substr(0, at);
        EXPECT_TRUE(find_json_fault(cut, max_json_depth, max_json_values)) << cut;
    }
}

} // namespace
