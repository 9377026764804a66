// Beast must read what the gate accepts in the same way; parse_request_head compares the two.
#include "runtime/parse_head.hpp"

#include "http/strict_gate.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace gateway;

TEST(HeadReader, GivesWhatTheGateAndBeastAgreeOn) {
    const std::string block =
        "POST /v1/users/u/photos?x=1 HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 12\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: k-1\r\n\r\n";
    const auto head = parse_request_head(block);
    ASSERT_TRUE(head) << head.error().message();
    EXPECT_EQ(head->path, "/v1/users/u/photos");
    EXPECT_EQ(head->query, "x=1");
    EXPECT_EQ(head->body.kind, http::framing::length);
    EXPECT_EQ(head->body.length_bytes, 12U);
    EXPECT_EQ(head->idempotency_key, "k-1");
}

TEST(HeadReader, TakesEveryFramingTheGateKnows) {
    for (const char* block :
         {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n"})
        EXPECT_TRUE(parse_request_head(block)) << block;
}

TEST(HeadReader, C02RefusesCodingsThatBeastTakesForAnEmptyBody) {
    for (const char* coding : {"gzip", "chunked, identity", "chunked, chunked", "identity", "xchunked"}) {
        const auto head = parse_request_head(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n");
        EXPECT_FALSE(head) << coding;
    }
}

TEST(HeadReader, TakesAHeadLargerThanItsArena) {
    std::string block = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"; // so Beast reads it, too
    for (int i = 0; i < 3; ++i)
        block += "X-Padding-" + std::to_string(i) + ": " + std::string(4'000, 'x') + "\r\n";
    EXPECT_TRUE(parse_request_head(block + "\r\n"));
}

TEST(HeadReader, FaultFBeastTakesEveryByteThatTheGateTakes) {
    const std::string host = "Host:\ta \t\r\n";
    const std::string line = "POST /v1/files HTTP/1.1\r\n";
    std::size_t taken = 0;
    for (const std::string& framing :
         {std::string("Content-Length:\t 5\t \r\n"), std::string("Transfer-Encoding: \tchunked \t\r\n")})
        for (int byte = 0; byte < 256; ++byte) {
            const std::string one(1, static_cast<char>(byte));
            for (const std::string& block :
                 {line + host + "X:" + one + "vw\r\n" + framing + "\r\n",
                  line + host + "X:v" + one + "w\r\n" + framing + "\r\n",
                  line + host + framing + "X:vw" + one + "\r\n\r\n",
                  line + host + "Connection:" + one + "close" + one + "\r\n" + framing + "\r\n",
                  line + host + "Content-Length:" + one + "5" + one + "\r\n\r\n",
                  line + host + "Transfer-Encoding:" + one + "chunked" + one + "\r\n\r\n",
                  line + "Host:" + one + "a" + one + "\r\n" + framing + "\r\n"}) {
                const bool judged = http::validate_head(block).has_value();
                EXPECT_EQ(parse_request_head(block).has_value(), judged) << ::testing::PrintToString(block);
                taken += judged ? 1U : 0U;
            }
        }
    EXPECT_GT(taken, 1000U);
}

TEST(HeadReader, FaultFTabsHideNoSecondLengthAndNoSecondField) {
    for (const char* fields :
         {"Content-Length:\t5\r\nTransfer-Encoding:\tchunked\r\n",
          "Transfer-Encoding:\tchunked\r\nContent-Length: 5\t\r\n",
          "Content-Length: 5\r\nContent-Length:\t5\r\n", "Content-Length: 5\t5\r\n",
          "Content-Length: 5\t,\t5\r\n", "Transfer-Encoding: chunked\tidentity\r\n",
          "Transfer-Encoding: chunked,\tchunked\r\n",
          "Transfer-Encoding:\tchunked\r\nTransfer-Encoding:\t\r\n", "Transfer-Encoding\t: chunked\r\n",
          "\tTransfer-Encoding: chunked\r\n", "X: y\r\n\tTransfer-Encoding: chunked\r\n",
          "X: y\t\r\n \tz\r\n", "X:\t\r\n\t\r\n", "X: y\tTransfer-Encoding: chunked\r\n\r\n",
          "X: y\t\rTransfer-Encoding: chunked\r\n", "X: y\t\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\x0b\r\n", "Host:\ta\r\n"})
        EXPECT_FALSE(parse_request_head("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"))
            << fields;
}
