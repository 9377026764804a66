// Two parsers agree: Beast reads what the strict gate accepts in the same way; and the gate refuses what
// Beast 1.81 is known to accept wrongly (docs/promises.md §1). Without the first, the gate would check other
// requests than those that run.
#include "fuzz/targets.hpp"
#include "http/header_finder.hpp"
#include "http/strict_gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using namespace gateway;
namespace beast_http = boost::beast::http;

namespace {

struct beast_reading {
    boost::beast::error_code ec;
    bool done = false;
    std::string method;
    std::string target;
    int status = 0;
    bool keep_alive = false;
    bool chunked = false;
    std::uint64_t length_bytes = 0;
};

template <bool is_request = true>
beast_reading beast_reads(std::string_view block) {
    beast_http::parser<is_request, beast_http::empty_body> parser;
    parser.header_limit(http::max_header_bytes + 1);
    parser.body_limit(boost::none);
    beast_reading out;
    parser.put(boost::asio::buffer(block.data(), block.size()), out.ec);
    out.done = parser.is_header_done();
    if (out.ec == beast_http::error::unexpected_body) out.ec = {}; // the result of reading only the head
    const auto& message = parser.get();
    if constexpr (is_request) {
        out.method = std::string(message.method_string());
        out.target = std::string(message.target());
    } else {
        out.status = static_cast<int>(message.result_int());
    }
    out.keep_alive = out.done && parser.keep_alive();
    out.chunked = message.chunked();
    out.length_bytes = parser.content_length().value_or(0);
    return out;
}

void expect_agreement(std::string_view block) {
    const auto head = http::validate_head(block);
    if (head.has_error()) return;
    const auto beast = beast_reads(block);
    const auto shown = testing::PrintToString(std::string(block));
    EXPECT_FALSE(beast.ec) << beast.ec.message() << shown;
    EXPECT_TRUE(beast.done) << shown;
    EXPECT_EQ(beast.method, http::name_of(head->method)) << shown;
    EXPECT_EQ(beast.target, head->target) << shown;
    EXPECT_EQ(beast.keep_alive, head->keep_alive) << shown;
    EXPECT_EQ(beast.chunked, head->body.kind == http::framing::chunked) << shown;
    EXPECT_EQ(beast.length_bytes, head->body.length_bytes) << shown;
}

/// Every head that the finder finds in the target's seeds and their mutations.
template <class Check>
void for_each_head(const char* seeds, http::peer from, Check check) {
    static constexpr std::string_view telling =
        "\r\n\0\t :;,\"=/?%-0123456789 close keep-alive chunked\x7f\x80";
    std::mt19937 random{7};
    for (const auto& entry : std::filesystem::directory_iterator(fuzz::seeds_folder(seeds))) {
        std::ifstream in{entry.path(), std::ios::binary};
        const std::string seed{std::istreambuf_iterator<char>{in}, {}};
        for (int round = 0; round < 4000; ++round) {
            std::string text = seed;
            for (int damage = 0; damage < round % 3; ++damage) {
                const std::size_t at = random() % (text.size() + 1);
                const std::string piece = text.substr(random() % (text.size() + 1), random() % 20);
                if (random() % 2 == 0)
                    text.insert(
                        at, random() % 2 == 0 ? piece : std::string(1, telling[random() % telling.size()]));
                else if (at < text.size())
                    text[at] = telling[random() % telling.size()];
            }
            const auto end = http::find_header_end(text, from);
            if (end.has_error() || *end == 0) continue;
            check(std::string_view{text}.substr(0, *end));
            if (testing::Test::HasFailure()) return;
        }
    }
}

std::string request(std::string_view fields, std::string_view line = "POST / HTTP/1.1") {
    return std::string(line) + "\r\nHost: a.example\r\n" + std::string(fields) + "\r\n";
}

} // namespace

TEST(BeastAgreement, HoldsForEverySeedAndItsMutations) {
    std::size_t accepted = 0;
    for_each_head("request_gate", http::peer::caller, [&accepted](std::string_view block) {
        accepted += http::validate_head(block).has_value() ? 1U : 0U;
        expect_agreement(block);
    });
    EXPECT_GT(accepted, 5000U) << "the mutations say little when nearly all are refused";
}

TEST(BeastAgreement, HoldsForTikToksAnswersToo) {
    std::size_t accepted = 0;
    for_each_head("response_gate", http::peer::tiktok, [&accepted](std::string_view block) {
        const auto head = http::validate_response_head(block);
        if (head.has_error() || head->body.kind == http::framing::none)
            return; // the fields about a body are ignored
        ++accepted;
        const auto beast = beast_reads<false>(block);
        const auto shown = testing::PrintToString(std::string(block));
        EXPECT_FALSE(beast.ec) << beast.ec.message() << shown;
        EXPECT_TRUE(beast.done) << shown;
        EXPECT_EQ(beast.status, head->status) << shown;
        EXPECT_EQ(beast.chunked, head->body.kind == http::framing::chunked) << shown;
        EXPECT_EQ(beast.length_bytes, head->body.length_bytes) << shown;
    });
    EXPECT_GT(accepted, 5000U) << "the mutations say little when nearly all are refused";
}

TEST(BeastAgreement, C01C02WhatBeastLetsThroughIsRefusedByTheGate) {
    for (const char* fields :
         {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, identity\r\n",
          "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
          "Host: b.example\r\n", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
          "A: b\r\n c\r\n", "Expect: something\r\n"}) {
        const auto block = request(fields);
        EXPECT_FALSE(beast_reads(block).ec) << "Beast refuses it now, too: " << fields;
        EXPECT_TRUE(http::validate_head(block).has_error()) << fields;
    }
    for (const char* line : {"GET /\xc3\xa9 HTTP/1.1", "GET /<> HTTP/1.1", "GET /a#b HTTP/1.1",
                             "GET http://evil.example/ HTTP/1.1", "GET /../a HTTP/1.1", "BREW / HTTP/1.1"}) {
        const auto block = request("", line);
        EXPECT_FALSE(beast_reads(block).ec) << "Beast refuses it now, too: " << line;
        EXPECT_TRUE(http::validate_head(block).has_error()) << line;
    }
    EXPECT_TRUE(
        http::validate_head(request("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")).has_error());
}
