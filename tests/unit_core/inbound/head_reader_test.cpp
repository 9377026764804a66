// What the gate accepts, Beast must read the same way; read_head holds the two together.
#include "inbound/head_reader.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace gateway;

TEST(HeadReader, GivesWhatTheGateAndBeastAgreeOn) {
    const std::string block =
        "POST /v1/users/u/photos?x=1 HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: 12\r\n"
        "Content-Type: application/json\r\nIdempotency-Key: k-1\r\n\r\n";
    const auto head = inbound::read_head(block);
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
        EXPECT_TRUE(inbound::read_head(block)) << block;
}

TEST(HeadReader, C02RefusesCodingsThatBeastTakesForAnEmptyBody) {
    for (const char* coding : {"gzip", "chunked, identity", "chunked, chunked", "identity", "xchunked"}) {
        const auto head = inbound::read_head(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n");
        EXPECT_FALSE(head) << coding;
    }
}

TEST(HeadReader, TakesAHeadLargerThanItsArena) {
    std::string block = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"; // so Beast reads it, too
    for (int i = 0; i < 3; ++i)
        block += "X-Padding-" + std::to_string(i) + ": " + std::string(4'000, 'x') + "\r\n";
    EXPECT_TRUE(inbound::read_head(block + "\r\n"));
}
