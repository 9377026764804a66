#include "http/header_finder.hpp"
#include "http/strict_gate.hpp"

#include <gtest/gtest.h>

using namespace gateway;
using http::framing;
using http::validate_response_head;

namespace {

std::string answer(std::string_view line, std::string_view fields) {
    return std::string(line) + "\r\n" + std::string(fields) + "\r\n";
}
bool refused(std::string_view block) {
    const auto head = validate_response_head(block);
    if (head.has_error()) {
        EXPECT_EQ(head.error().code(), errc::tiktok_error);
    }
    return head.has_error();
}

} // namespace

TEST(ResponseGate, ReadsAPlainAnswer) {
    const std::string block =
        answer("HTTP/1.1 206 Partial Content",
               "Content-Length: 3\r\nContent-Type:\tapplication/json\r\nContent-Range: bytes 0-1/9\r\n"
               "Retry-After: 7\r\nX-TT-Logid: 2022\r\nDate: d\r\nLocation: l\r\n");
    const auto head = validate_response_head(block);
    ASSERT_TRUE(head.has_value()) << head.error().message();
    EXPECT_EQ(head->status, 206);
    EXPECT_TRUE(head->keep_alive);
    EXPECT_EQ(head->body.length_bytes, 3U);
    EXPECT_EQ(head->content_range, "bytes 0-1/9");
    EXPECT_EQ(head->retry_after, "7");
    EXPECT_EQ(head->log_id, "2022");
}

TEST(ResponseGate, KnowsWhichAnswersHaveNoBody) {
    for (const char* line : {"HTTP/1.1 100 Continue", "HTTP/1.1 204 No Content", "HTTP/1.1 304 "})
        EXPECT_EQ(validate_response_head(answer(line, ""))->body.kind, framing::none) << line;
    EXPECT_EQ(validate_response_head(answer("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\n"))->body.kind,
              framing::chunked);
    EXPECT_TRUE(validate_response_head(answer("HTTP/1.1 103 Early Hints", ""))->informational());
}

TEST(ResponseGate, U05KnowsABodyThatEndsWithTheConnection) {
    for (const char* line : {"HTTP/1.1 200 OK", "HTTP/1.0 502 Bad Gateway"})
        EXPECT_EQ(validate_response_head(answer(line, ""))->body.kind, framing::until_close) << line;
}

TEST(ResponseGate, Fault0ReadsTikTokAsWidelyAsIsSafe) {
    std::string fields = "Content-Length: 0\r\n";
    for (int i = 0; i < 99; ++i)
        fields += "X-" + std::to_string(i) + ": " + std::string(600, 'v') + "\r\n";
    const auto wide = answer("HTTP/1.1 200 OK", fields);
    ASSERT_LT(wide.size(), 64U * 1024);
    EXPECT_FALSE(refused(wide));
    EXPECT_EQ(*http::find_header_end(wide, http::peer::tiktok), wide.size());
    const auto long_field = answer("HTTP/1.1 200 OK", "Set-Cookie: " + std::string(16'000, 'c') + "\r\n");
    EXPECT_FALSE(refused(long_field));
    EXPECT_EQ(*http::find_header_end(long_field, http::peer::tiktok), long_field.size());

    for (const char* coding : {"", "identity", " , identity ,", "\t"})
        EXPECT_FALSE(refused(answer("HTTP/1.1 200 OK", "Content-Encoding:" + std::string(coding) + "\r\n")));
    EXPECT_FALSE(refused(answer("HTTP/1.1 200 all\twell", "")));

    EXPECT_TRUE(refused(answer("HTTP/1.1 200 OK", fields + "One: more\r\n")));
    EXPECT_TRUE(refused(answer("HTTP/1.1 200 OK", "A: " + std::string(16'400, 'c') + "\r\n")));
    const auto line = "A: " + std::string(10'000, 'c') + "\r\n";
    EXPECT_TRUE(refused(answer("HTTP/1.1 200 OK", line + line + line + line + line + line + line)));
}

TEST(ResponseGate, U10RefusesTricksWithLengthsAndLimits) {
    for (const char* fields :
         {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Content-Length: -1\r\n",
          "Content-Length : 1\r\n", "A\r\nContent-Length: 1\r\n",
          "Content-Encoding: gzip\r\nContent-Length: 1\r\n"})
        EXPECT_TRUE(refused(answer("HTTP/1.1 200 OK", fields))) << fields;
    std::string many;
    for (int i = 0; i < 101; ++i)
        many += "A: b\r\n";
    EXPECT_TRUE(refused(answer("HTTP/1.1 204 OK", many)));
    EXPECT_EQ(http::find_header_end("HTTP/1.1 200 OK\r\nA: " + std::string(17'000, 'a'), http::peer::tiktok)
                  .error()
                  .code(),
              errc::tiktok_error);
}

TEST(ResponseGate, U10RefusesOddStatusLines) {
    for (const char* line : {"HTTP/1.1 200", "HTTP/2 200 OK", "HTTP/1.2 200 OK", "HTTP/1.1 20 OK",
                             "HTTP/1.1 099 OK", "HTTP/1.1 600 OK", "HTTP/1.1  200 OK", "http/1.1 200 OK",
                             "HTTP/1.1 2000 OK", "HTTP/1.1 101 Switching Protocols"})
        EXPECT_TRUE(refused(answer(line, "Content-Length: 0\r\n"))) << line;
    EXPECT_FALSE(refused(answer("HTTP/1.0 200 ", "Content-Length: 0\r\n")));
    EXPECT_FALSE(validate_response_head(answer("HTTP/1.0 200 OK", "Content-Length: 0\r\n"))->keep_alive);
    EXPECT_FALSE(
        validate_response_head(answer("HTTP/1.1 200 OK", "Content-Length: 0\r\nConnection: close\r\n"))
            ->keep_alive);
}
