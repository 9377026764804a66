#include "http/accept.hpp"
#include "http/media_type.hpp"
#include "http/percent.hpp"
#include "http/query.hpp"
#include "http/structured_fields.hpp"
#include "http/writers.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

using namespace gateway;

TEST(Percent, EncodesEverythingButTheUnreserved) {
    EXPECT_EQ(http::percent_encoded("aZ09-._~ /?&=+%\xc3\xa9"), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9");
    EXPECT_EQ(http::percent_decoded("a%20b+c"), "a b+c");
    EXPECT_EQ(http::percent_decoded("a%2bb+c", true), "a+b c");
    for (const char* bad : {"%", "%4", "%4g", "a%00", "%%41"})
        EXPECT_FALSE(http::percent_decoded(bad)) << bad;
}

TEST(Query, GivesNamesAndValuesInOrder) {
    const auto query = http::query::parse("fields=id%2Ctitle&fields=x+y&flag&&e=");
    ASSERT_TRUE(query.has_value());
    ASSERT_EQ(query->pairs().size(), 4U);
    EXPECT_EQ(*query->find("fields"), "id,title");
    EXPECT_EQ(query->pairs()[1].value, "x y");
    EXPECT_EQ(*query->find("flag"), "");
    EXPECT_EQ(query->find("none"), nullptr);
    EXPECT_EQ(query->repeated(), "fields");
    EXPECT_EQ(query->repeated("fields"), std::nullopt);
    EXPECT_TRUE(http::query::parse("")->empty());
}

TEST(Query, RefusesBadEscapesAndTooMany) {
    for (const char* bad : {"a=%", "a=%ff", "%00=1", "=1", "a=%ed%a0%80"}) {
        const auto query = http::query::parse(bad);
        ASSERT_TRUE(query.has_error()) << bad;
        EXPECT_EQ(query.error().code(), errc::malformed_request);
    }
    std::string many;
    for (int i = 0; i < 129; ++i)
        many += "a&";
    EXPECT_TRUE(http::query::parse(many).has_error());
}

TEST(MediaType, ReadsParametersStrictly) {
    const auto json = http::parse_media_type("Application/JSON; charset=\"utf-8\";");
    ASSERT_TRUE(json.has_value());
    EXPECT_TRUE(json->is_json());
    EXPECT_EQ(json->charset, "utf-8");
    const auto form = http::parse_media_type("multipart/form-data ; boundary=\"a b:(c)\" ; x=y");
    ASSERT_TRUE(form.has_value());
    EXPECT_TRUE(form->is_multipart_form());
    EXPECT_EQ(form->boundary, "a b:(c)");
    EXPECT_TRUE(http::parse_media_type("video/quicktime")->is_video());
}

TEST(MediaType, FaultFTakesWhatTheGrammarAllowsInWhatNobodyReads) {
    for (const char* fine : {"application/json;", "application/json;;", "application/json ;\t; charset=utf-8",
                             "application/json\t;\tcharset=utf-8\t", "application/json; x=\"a\tb\"",
                             "application/json; x=\"\\\"\"", "application/json; x=\"\\\\\"; y=z",
                             "application/json; x=\"caf\xe9;=\"", "application/json; x=\"\""}) {
        const auto type = http::parse_media_type(fine);
        EXPECT_TRUE(type && type->is_json()) << fine;
    }
    for (const char* odd :
         {"a/b; x=\"\\", "a/b; x=\"\\\"", "a/b; x=\"a\"b", "a/b; x=\"\x7f\"", "a/b; x=\"\\\x01\"",
          "a/b; charset=\"u\\tf\"", "a/b; boundary=\"a\tb\"", "a/b; x =y", "a/b; x= y"})
        EXPECT_FALSE(http::parse_media_type(odd)) << odd;
}

TEST(MediaType, RefusesWhatIsOutOfGrammar) {
    for (const char* bad :
         {"", "json", "a/", "/b", "a/b c", "a/b; c", "a/b; c=", "a/b; c=\"d", "a/b; boundary=\"a\\\"b\"",
          "a/b; boundary=\"x \"", "a/b; boundary=a;boundary=b", "a/b;charset=a; CHARSET=b", "a/b,c/d",
          "a/b; boundary=\"a\xc3\"", "a/b; boundary=a\rb"})
        EXPECT_FALSE(http::parse_media_type(bad)) << bad;
    EXPECT_FALSE(http::parse_media_type("a/b; boundary=" + std::string(71, 'a')));
}

TEST(Accept, ATypeIsWantedByItsNameUnlessItsWeightIsZero) {
    const auto is_wanted = [](const char* accept) {
        return http::names_as_acceptable(accept, "application/x-ndjson");
    };
    for (const char* fine :
         {"application/x-ndjson", "Application/X-NDJSON", "text/html, application/x-ndjson",
          "application/x-ndjson;q=1", "application/x-ndjson;q=1.000", "application/x-ndjson;q=1.",
          "application/x-ndjson ; Q=0.001", "application/x-ndjson;q=0.5", "application/x-ndjson;v=0;q=0.9",
          "application/x-ndjson;q=0.1;q=0", ",,\tapplication/x-ndjson ,", "application/x-ndjson;",
          "application/x-ndjson;seq=0", "a/b;c=\"\\\", x;y\", application/x-ndjson",
          "application/x-ndjson;q=0, application/x-ndjson;q=0.2"})
        EXPECT_TRUE(is_wanted(fine)) << fine;
    for (const char* refused :
         {"", "*/*", "application/*", "application/json", "application/x-ndjson;q=0",
          "application/x-ndjson;q=0.", "application/x-ndjson;q=0.0", "application/x-ndjson;q=0.00",
          "application/x-ndjson;q=0.000", "application/x-ndjson ;\tQ=0.0",
          "application/x-ndjson;v=1;q=0.0, */*", "application/x-ndjsons", "a/b;c=\"application/x-ndjson\"",
          "a/b;c=\", application/x-ndjson"})
        EXPECT_FALSE(is_wanted(refused)) << refused;
    for (const char* out_of_grammar :
         {"q=", "q=2", "q=1.001", "q=0.0001", "q=.5", "q=00.5", "q=-1", "q=0x1", "q=0,5", "q=\"1\"", "q= 1"})
        EXPECT_FALSE(is_wanted((std::string("application/x-ndjson;") + out_of_grammar).c_str()))
            << out_of_grammar;
}

TEST(StructuredFields, SpellRateLimitsAsTheDraftDoes) {
    const http::quota_policy policies[] = {{"caller", 600, 60}, {"tiktok_user", 6, 60}};
    const http::quota_left left[] = {{"tiktok_user", 4, 31}, {"caller", 599, 60}};
    http::policy_text policy;
    std::string rest;
    string_appender end(rest);
    http::put_rate_limit(end, left);
    end.close();
    EXPECT_EQ(policy.of(policies), "\"caller\";q=600;w=60, \"tiktok_user\";q=6;w=60");
    EXPECT_EQ(rest, "\"tiktok_user\";r=4;t=31, \"caller\";r=599;t=60");
}

TEST(Writers, BuildFlatHeads) {
    std::string out;
    http::request_writer(out)
        .start(http::verb::put, "/a", "?b=", "c", "host", ".example")
        .field("Content-Type", "video/mp4")
        .content_length(5)
        .end();
    EXPECT_EQ(
        out,
        "PUT /a?b=c HTTP/1.1\r\nHost: host.example\r\nContent-Type: video/mp4\r\nContent-Length: 5\r\n\r\n");
    out.clear();
    http::response_writer(out).start(429).field("Retry-After", 12).end();
    EXPECT_EQ(out, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 12\r\n\r\n");
    EXPECT_EQ(http::http_date(from_unix_ms(1795450716999)), "Mon, 23 Nov 2026 16:18:36 GMT");
    for (const error_facts& row : all_errors())
        EXPECT_NE(http::reason_phrase(http_status(row.code)), "Unknown");
}

TEST(Writers, ADateClockFollowsTheClockInBothDirections) {
    http::date_clock clock;
    for (const std::int64_t ms : {1795450716999L, 1795450716000L, 1795450717000L, 0L, 1795450715000L})
        EXPECT_EQ(clock.at(from_unix_ms(ms)), http::http_date(from_unix_ms(ms)));
}

TEST(Writers, FindTheFirstByteThatNoValueMayHaveWhereverItIs) {
    for (std::size_t size = 0; size < 70; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'x');
                text[at] = static_cast<char>(byte);
                EXPECT_EQ(http::is_value(text), http::is(http::value_byte, text[at])) << size << " " << at;
            }
}

TEST(Writers, C26RefuseLineBreaksInValues) {
    std::string out;
    http::request_writer writer{out};
    for (const char* bad : {"a\r\nb", "a\nb", "a\rb", "\x01", "\x7f"})
        EXPECT_THROW(writer.field("A", bad), std::logic_error) << bad;
    EXPECT_THROW(writer.start(http::verb::get, "/a b", "", "", "h", ""), std::logic_error);
    EXPECT_THROW(writer.start(http::verb::get, "a", "", "", "h", ""), std::logic_error);
}
