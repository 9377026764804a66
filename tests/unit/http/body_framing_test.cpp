#include "http/body_framing.hpp"

#include <gtest/gtest.h>

#include <chrono>

using namespace gateway;
using http::body_frame;
using http::body_framing;
using http::framing;

namespace {

struct outcome {
    std::string body;
    std::string verdict; // "complete", "more", or the code of the refusal
    std::size_t used = 0;
};

outcome read(std::string_view bytes, body_frame frame = {framing::chunked, 0},
             std::uint64_t max_bytes = 1 << 20) {
    body_framing body{frame, max_bytes};
    outcome out;
    while (out.used < bytes.size() && !body.complete()) {
        const auto piece = body.next(bytes.substr(out.used));
        if (piece.has_error()) {
            out.verdict = facts(piece.error().code()).name;
            return out;
        }
        out.body.append(piece->data);
        out.used += piece->used;
    }
    out.verdict = body.complete() ? "complete" : "more";
    return out;
}

} // namespace

TEST(BodyFraming, CountsALengthAndLeavesWhatFollows) {
    const auto out = read("helloGET /", {framing::length, 5});
    EXPECT_EQ(out.body, "hello");
    EXPECT_EQ(out.used, 5U);
    EXPECT_EQ(out.verdict, "complete");
    EXPECT_EQ(read("hel", {framing::length, 5}).verdict, "more");
    EXPECT_TRUE(body_framing(body_frame{framing::length, 0}, 1).complete());
    EXPECT_TRUE(body_framing().complete());
}

TEST(BodyFraming, C13RefusesAnAnnouncedLengthBeforeReadingAndChunksAtTheLimit) {
    EXPECT_TRUE(body_framing(body_frame{framing::length, 10}, 10).announced().has_value());
    EXPECT_EQ(body_framing(body_frame{framing::length, 5'000'000'000}, 10).announced().error().code(),
              errc::too_large);
    EXPECT_EQ(read("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", {framing::chunked, 0}, 10).verdict, "complete");
    EXPECT_EQ(read("5\r\nhello\r\n6\r\nhello!\r\n", {framing::chunked, 0}, 10).verdict, "too_large");
    EXPECT_EQ(
        body_framing(body_frame{framing::length, 11}, 10, http::peer::tiktok).announced().error().code(),
        errc::tiktok_error);
}

TEST(BodyFraming, DecodesChunksAndStopsBehindTheLast) {
    const auto out = read("5\r\nhello\r\n00001;a=\"b c\"\r\n!\r\n0\r\n\r\nGET / HTTP/1.1");
    EXPECT_EQ(out.body, "hello!");
    EXPECT_EQ(out.verdict, "complete");
    EXPECT_EQ(out.used, 33U);
}

TEST(BodyFraming, C11IgnoresTrailersWithinALimit) {
    const auto out = read("0\r\nAuthorization: Bearer x\r\nHost: evil\r\nIdempotency-Key: 1\r\n\r\n");
    EXPECT_EQ(out.verdict, "complete");
    EXPECT_EQ(out.body, "");
    std::string flood = "0\r\n";
    for (int i = 0; i < 40; ++i)
        flood += "A: " + std::string(100, 'b') + "\r\n";
    EXPECT_EQ(read(flood).verdict, "malformed_request");
    EXPECT_EQ(read("0\r\nA: " + std::string(200'000, 'b')).verdict, "malformed_request");
    for (const char* odd : {"0\r\n folded\r\n\r\n", "0\r\nNoColon\r\n\r\n", "0\r\nA: \x01\r\n\r\n",
                            "0\r\nA: b\n\r\n", "0\r\nA b: c\r\n\r\n", "0\r\n\n"})
        EXPECT_EQ(read(odd).verdict, "malformed_request") << odd;
}

TEST(BodyFraming, C12RefusesOddChunkLines) {
    EXPECT_EQ(read("1;" + std::string(256, 'a') + "\r\nx\r\n0\r\n\r\n").verdict, "complete");
    EXPECT_EQ(read("1;" + std::string(257, 'a') + "\r\n").verdict, "malformed_request");
    EXPECT_EQ(read("1;" + std::string(1 << 20, 'a')).verdict, "malformed_request");
    for (const char* odd : {"10000000000000000\r\n", "ffffffffffffffff\r\n", "8000000000000000\r\n", "\r\n",
                            ";a\r\n", " 5\r\n", "5 \r\n", "0x5\r\n", "-1\r\n", "+1\r\n", "5\n", "5\r\r\n",
                            "1\r\nxy\r\n", "1\r\nx\n", "5;a\tb\r\n", "5;a\nb\r\n", "g\r\n"})
        EXPECT_EQ(read(odd).verdict, "malformed_request") << odd;
}

TEST(BodyFraming, FaultFZerosInFrontOfASizeMeanNothing) {
    for (const std::size_t zeros : {0U, 1U, 15U, 16U, 17U, 100U, 1021U}) {
        const std::string padding(zeros, '0');
        EXPECT_EQ(read(padding + "1\r\nx\r\n0\r\n\r\n").body, "x") << zeros;
        EXPECT_EQ(read("1\r\nx\r\n" + padding + "0\r\n\r\n").verdict, "complete") << zeros;
    }
    EXPECT_EQ(read(std::string(16, '0') + "7fffffffffffffff\r\nx").verdict, "more");
    EXPECT_EQ(read(std::string(16, '0') + "8000000000000000\r\nx").verdict, "malformed_request");
    // C12: the longest line has 1 KB, whatever it contains.
    EXPECT_EQ(read(std::string(1022, '0') + "\r\n\r\n").verdict, "complete");
    EXPECT_EQ(read(std::string(1023, '0')).verdict, "malformed_request");
    EXPECT_EQ(read(std::string(1000, '0') + ";a=b;c=\"" + std::string(20, 'd')).verdict, "malformed_request");
    EXPECT_EQ(read("1" + std::string(257, ' ')).verdict, "malformed_request");
    EXPECT_EQ(read("1;a=\"" + std::string(300, '"')).verdict, "malformed_request");
}

TEST(BodyFraming, FaultFAnExtensionHasANameAndBlanksOnlyAroundItsSigns) {
    for (const char* fine : {"1;a", "1 ;a", "1\t ;\t a", "1;a=b", "1 ; a = b", "1;a\t=\t\"b c\"", "1;a=\"\"",
                             "1;a=\"\\\"\"", "1;a;b;c", "1;a=b ; c=\"d;e\" ; f", "1;a=\"\x80\xff\t\""})
        EXPECT_EQ(read(std::string(fine) + "\r\nx\r\n0 ;\tlast=\"1\"\r\n\r\n").body, "x") << fine;
    for (const char* odd : {"2;",   "2; ",    "2 ",      "2\t",       " 2",          "2;;a",
                            "2;a;", "2;a=",   "2;a= ",   "2;=b",      "2;a=b c",     "2;a b",
                            "2;a ", "2;a=b ", "2;a=\"b", "2;a=\"b\\", "2;a=\"b\"c",  "2;a=\"b\" ",
                            "2 a",  "2 3",    "2;a=b=c", "2,a",       "2;a=\"\x7f\""})
        EXPECT_EQ(read(std::string(odd) + "\r\nxy\r\n0\r\n\r\n").verdict, "malformed_request") << odd;
}

TEST(BodyFraming, C12SpendsBoundedTimeOnOneByteChunks) {
    std::string tiny;
    for (int i = 0; i < 1'000'000; ++i)
        tiny += "1\r\nx\r\n";
    tiny += "0\r\n\r\n";
    const auto begin = std::chrono::steady_clock::now();
    body_framing body{{framing::chunked, 0}, 1 << 20};
    const auto moved = body.compact(tiny);
    const auto spent = std::chrono::steady_clock::now() - begin;
    ASSERT_TRUE(moved.has_value());
    EXPECT_EQ(moved->data_bytes, 1'000'000U);
    EXPECT_EQ(tiny.substr(0, 1'000'000), std::string(1'000'000, 'x'));
    EXPECT_TRUE(body.complete());
    EXPECT_LT(spent, std::chrono::seconds{2}); // takes about 30 ms; more with a sanitizer
}

TEST(BodyFraming, CompactsDataToTheFront) {
    std::string buffer = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nrest";
    body_framing body{{framing::chunked, 0}, 100};
    const auto moved = body.compact(buffer);
    ASSERT_TRUE(moved.has_value());
    EXPECT_EQ(buffer.substr(0, moved->data_bytes), "abcde");
    EXPECT_EQ(buffer.substr(moved->used), "rest");
    EXPECT_EQ(body.received_bytes(), 5U);
}
