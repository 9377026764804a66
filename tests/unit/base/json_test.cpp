#include "base/json/members.hpp"
#include "base/json/patch.hpp"
#include "base/json/scan.hpp"
#include "base/json/strict.hpp"
#include "base/json/values.hpp"
#include "base/json/write.hpp"
#include "base/utf.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>

using namespace gateway;

namespace {

std::string patched(std::string_view text) {
    static constexpr std::array<std::string_view, 1> text_keys{"cursor"};
    static constexpr std::array<std::string_view, 1> list_keys{"publicaly_available_post_id"};
    static constexpr std::array<std::string_view, 1> dropped{"upload_url"};
    std::string out;
    append_patched(out, text, {text_keys, list_keys, dropped});
    return out;
}

bool malformed(std::string_view text) {
    const auto value = parse_json(text);
    if (value.has_error()) {
        EXPECT_EQ(value.error().code(), errc::malformed_json);
    }
    return value.has_error();
}

} // namespace

TEST(JsonScan, NotesWhereTheMembersLie) {
    const auto answer = scan_answer(
        R"( {"data" : {"user":{"code":"x"}} , "error":{"code":"ok","message":"a\"b","log_id":"2022"}} )");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->data, R"({"user":{"code":"x"}})");
    EXPECT_TRUE(answer->data_is_object());
    EXPECT_TRUE(answer->error_is_ok());
    EXPECT_EQ(json_unescape(answer->error_message), "a\"b");
    EXPECT_EQ(answer->error_log_id, "2022");
}

TEST(JsonScan, KnowsANameHoweverItIsEscapedAndNoOther) {
    const auto escaped = scan_answer(R"({"\u0064ata":{},"err\u006fr":{"mess\u0061ge":"a"}})");
    ASSERT_TRUE(escaped.has_value());
    EXPECT_EQ(escaped->data, "{}");
    EXPECT_EQ(escaped->error_message, "a");
    const auto another = scan_answer(R"({"\\u0064ata":{},"err\\u006fr":{"mess\\u0061ge":"a"}})");
    ASSERT_TRUE(another.has_value());
    EXPECT_TRUE(another->data.empty());
    EXPECT_TRUE(another->error.empty());
}

TEST(JsonScan, ReadsTheFlatErrorOfOauth) {
    const auto answer = scan_answer(R"({"error":"invalid_grant","error_description":"x"})");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->error, "\"invalid_grant\"");
    EXPECT_EQ(answer->error_code, "");
}

TEST(JsonScan, U09RefusesWhatIsNoAnswer) {
    for (const char* bad :
         {"", "[]", "null", "<html>", "{", R"({"data":1,"data":2})", R"({"data":1,"d\u0061ta":2})",
          R"({"error":{"code":"ok","code":"no"}})", "{\"a\":\"\x80\"}", R"({"a":"\ud800"})", "\xef\xbb\xbf{}",
          "{} {}", R"({"a":01})", R"({"a":1,})", R"({'a':1})", "{\"a\":\"\n\"}", R"({"a":NaN})"})
        EXPECT_FALSE(scan_answer(bad)) << bad;
    EXPECT_TRUE(scan_answer(R"({"x":{"data":1},"y":{"data":2},"error":{"data":1,"x":{"code":1}}})"));
}

TEST(JsonScan, GoesNoDeeperThan32) {
    EXPECT_TRUE(count_json(std::string(32, '[') + std::string(32, ']')));
    EXPECT_FALSE(count_json(std::string(33, '[') + std::string(33, ']')));
    EXPECT_FALSE(count_json(std::string(100'000, '[')));
}

TEST(JsonPatch, MakesIdsStringsAndDropsWhatMustNotLeave) {
    EXPECT_EQ(patched(R"({"cursor":1643332803000,"has_more":false})"),
              R"({"cursor":"1643332803000","has_more":false})");
    EXPECT_EQ(patched(R"({"cursor":"5","a":{"cursor":-5}})"), R"({"cursor":"5","a":{"cursor":"-5"}})");
    EXPECT_EQ(patched(R"({"publicaly_available_post_id":[7123456789012345678,"8"]})"),
              R"({"publicaly_available_post_id":["7123456789012345678","8"]})");
    EXPECT_EQ(patched(R"({"publicaly_available_post_id":7123456789012345678})"),
              R"({"publicaly_available_post_id":["7123456789012345678"]})");
    EXPECT_EQ(patched(R"({"publicaly_available_post_id":null})"), R"({"publicaly_available_post_id":[]})");
    EXPECT_EQ(patched(R"({"publicaly_available_post_id":[1,{"publicaly_available_post_id":[2],"a":3},4]})"),
              R"({"publicaly_available_post_id":["1",{"publicaly_available_post_id":["2"],"a":3},"4"]})");
    EXPECT_EQ(patched(R"({"upload_url":"https://x","a":1})"), R"({"a":1})");
    EXPECT_EQ(patched(R"({"a":1,"upload_url":{"b":[1,2]}})"), R"({"a":1})");
    EXPECT_EQ(patched(R"({"a":1,"upload_\u0075rl":"x","c":2})"), R"({"a":1,"c":2})");
    EXPECT_EQ(patched(R"({"upload_url":1})"), "{}");
    EXPECT_EQ(patched("{}"), "{}");
}

TEST(JsonStrict, C23RefusesWhatParsersReadDifferently) {
    for (const char* bad : {"",
                            " ",
                            "{\"a\":1,\"a\":2}",
                            R"({"a":1,"\u0061":2})",
                            R"([{"x":{"k":1,"k":1}}])",
                            "\xef\xbb\xbf{}",
                            "NaN",
                            "Infinity",
                            "-",
                            "1e400",
                            "-1e999",
                            "123456789012345678901",
                            "-9223372036854775809",
                            "1e99999999999999999",
                            "{} x",
                            "[1,]",
                            "\"\\ud800\"",
                            "\"\\udc00\\ud800\"",
                            "\"\xff\"",
                            "\"\xed\xa0\x80\"",
                            "\"a\tb\"",
                            "// a\n1",
                            "{a:1}"})
        EXPECT_TRUE(malformed(bad)) << bad;
    for (const char* good : {"0", "null", "[18446744073709551615,-9223372036854775808]",
                             R"({"a":{"k":1},"b":{"k":1}})", "\"\\ud83d\\ude00\"", "1e-400", "0.1"})
        EXPECT_FALSE(malformed(good)) << good;
}

TEST(JsonStrict, C23AnswersQuicklyWhateverTheBody) {
    std::string many_keys = "{";
    for (int i = 0; i < 1'000'000; ++i)
        many_keys += "\"k" + std::to_string(i) + "\":0,";
    many_keys.back() = '}';
    std::string wide = "[";
    for (int i = 0; i < 1'000'000; ++i)
        wide += "1,";
    wide.back() = ']';
    const std::string deep(100'000, '[');
    for (const std::string& body : {many_keys, wide, deep}) {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_TRUE(malformed(body));
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{50});
    }
}

TEST(JsonMembers, AreTheLastOfTheirNameAtTheTopHoweverTheyAreSpelt) {
    constexpr std::string_view names[] = {"status", "ids", "absent"};
    std::string_view values[3];
    find_members(
        R"({"ids":[1],"status":"a","x":{"status":"no","absent":1},"st\u0061tus" : "b" , "ids":["7",8,{}]})",
        names, values);
    EXPECT_EQ(values[0], R"("b")");
    EXPECT_EQ(values[1], R"(["7",8,{}])");
    EXPECT_TRUE(values[2].empty());
    find_members("[]", names, values);
    EXPECT_TRUE(values[0].empty());
    EXPECT_EQ(json_elements(R"(["7", 8 ,{"a":[1]}])"),
              (std::vector<std::string_view>{R"("7")", "8", R"({"a":[1]})"}));
    EXPECT_EQ(json_elements("7"), std::vector<std::string_view>{"7"});
}

TEST(JsonMembers, GiveTextOfStringsAndWholeNumbersOnly) {
    EXPECT_EQ(json_text(R"("a\n\u00e9")"), "a\n\xc3\xa9");
    EXPECT_EQ(json_text("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(json_text("-3"), "-3");
    for (const char* other : {"", "null", "true", "1.5", "1e3", "18446744073709551616", "{}", "[1]"})
        EXPECT_EQ(json_text(other), "") << other;
    EXPECT_EQ(json_count("30567100"), 30567100U);
    for (const char* none : {"", "-1", "\"5\"", "5.0", "null"})
        EXPECT_FALSE(json_count(none)) << none;
}

TEST(JsonWrite, EscapesWhatMustBeAndNothingElse) {
    using std::string_view_literals::operator""sv;
    std::string out;
    append_json_string(out,
                       "a\"b\\c\n\r\t\x01\x1f/\x7f\xc3\xa9\xff\xf0\x9f\x98\x80 and a long plain tail\0"sv);
    EXPECT_EQ(
        out,
        "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9\xef\xbf\xbd\xf0\x9f\x98\x80 and a long plain "
        "tail\\u0000\"");
    out = "{";
    append_json_key(out, "a");
    out += "-5";
    append_json_key(out, "b");
    EXPECT_EQ(out, R"({"a":-5,"b":)");
}

TEST(JsonValues, AreSerializedInOrderAndAlwaysAsUtf8) {
    const boost::json::object some{{"b", json_text_or_null("caf\xc3\xa9 \xff\xc3")},
                                   {"a", json_text_or_null("")},
                                   {"list", json_list({"x", "\xe4\xbd"})},
                                   {"number", 9223372036854775807}};
    EXPECT_EQ(serialize_json(some),
              "{\"b\":\"caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\",\"a\":null,\"list\":[\"x\","
              "\"\xef\xbf\xbd\xef\xbf\xbd\"],\"number\":9223372036854775807}");
}

TEST(Utf, KnowsWellFormedTextAndItsLengthInUtf16) {
    EXPECT_EQ(utf16_length("a\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80"), 5U);
    for (const char* good : {"", "abc", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe4\xbd",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff", "\xf0\x9f\x98"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}
