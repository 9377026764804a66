// Where a message ends (docs/promises.md C01-C06, C11, C12), as raw bytes against the running gateway.
#include "flow/wire_test.hpp"

#include <gmock/gmock.h>

namespace {

class WireFraming : public wire::wire_test {
protected:
    std::string post(std::string_view fields, std::string_view body = {}) {
        return request(connect_line(), "Content-Type: application/json\r\n" + std::string(fields), body);
    }
};

TEST_F(WireFraming, C01RefusesLengthAndCodingTogether) {
    for (const char* coding : {"chunked", "gzip", "identity", "xchunked",
                               "\x8b"
                               "chunked"}) {
        const std::string field = "Transfer-Encoding: " + std::string(coding) + "\r\n";
        expect_refused(post("Content-Length: 5\r\n" + field, "0\r\n\r\n"), 400);
        expect_refused(post(field + "Content-Length: 5\r\n", "0\r\n\r\n"), 400);
    }
    expect_alive();
}

TEST_F(WireFraming, C02NeverRunsWhatFollowsAnOddTransferCoding) {
    for (const char* coding : {"gzip", "gzip, chunked", "deflate"})
        expect_refused(post("Transfer-Encoding: " + std::string(coding) + "\r\n"), {400, 501});
    for (const char* coding : {"chunked, identity", "chunked, chunked", "identity", "xchunked", ""})
        expect_refused(post("Transfer-Encoding: " + std::string(coding) + "\r\n"), 400);
    expect_refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400);
    expect_refused(post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400);
    expect_alive();
}

TEST_F(WireFraming, C03RefusesChunkedInHttp10) {
    expect_refused(request("POST /v1/users/user-77/connect HTTP/1.0",
                           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                   400);
}

TEST_F(WireFraming, C04RefusesOddLengths) {
    for (const char* length :
         {"5, 5", "+5", "-1", "0x5", "", "5 5", "99999999999999999999", "9223372036854775808", "5;", "five"})
        expect_refused(post("Content-Length: " + std::string(length) + "\r\n"), 400);
    expect_refused(post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 400);
    expect_refused(post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400);
}

TEST_F(WireFraming, C05RefusesOddHosts) {
    const auto with_host = [this](const std::string& fields) {
        return "GET /v1/users HTTP/1.1\r\n" + fields + key_field() + "\r\n";
    };
    expect_refused(with_host(""), 400);
    for (const char* host : {"", "user@127.0.0.1", "127.0.0.1/x", "a b", "a:b", "a,b", "[::1"})
        expect_refused(with_host("Host: " + std::string(host) + "\r\n"), 400);
    expect_refused(with_host("Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n"), 400);
}

TEST_F(WireFraming, C06RefusesControlBytesAndFoldedLines) {
    std::vector<char> bytes{0x7f};
    for (char c = 0; c < 0x20; ++c)
        bytes.push_back(c);
    for (const char c : bytes) {
        const std::string one(1, c);
        expect_refused(get("/v1/users", "X-Na" + one + "me: v\r\n"), 400);
        if (c != '\t') expect_refused(get("/v1/users", "X-Name: v" + one + "w\r\n"), 400);
        expect_refused(get("/v1/us" + one + "ers"), 400);
    }
    expect_refused(get("/v1/users", "A: b\r\n c: d\r\n"), 400);
    expect_refused(get("/v1/users", "A : b\r\n"), 400);
    expect_refused(get("/v1/users", " A: b\r\n"), 400);
    expect_refused("GET /v1/users HTTP/1.1\n" + host_field() + "\r\n", 400);
    expect_alive();
}

TEST_F(WireFraming, C11TrailersNeverCount) {
    const std::string chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    const std::string line = connect_line();
    const std::string body = "1e\r\n" + std::string(fine_body) + "\r\n0\r\n";
    ASSERT_EQ(fine_body.size(), 0x1eU);
    // A request without a key does not get one from a trailer.
    const auto stranger = say(line + "\r\n" + host_field() + chunked + "Connection: close\r\n\r\n" + body
                              + key_field() + "\r\n");
    EXPECT_EQ(harness::parse_answer(stranger).status, 401) << stranger;
    const auto fine = say(request(line, chunked + "Connection: close\r\n",
                                  body + "Host: evil.example\r\nIdempotency-Key: \x80\r\n\r\n"));
    EXPECT_EQ(harness::parse_answer(fine).status, 200) << fine;
    std::string flood;
    for (int i = 0; i < 2000; ++i)
        flood += "A: " + std::string(100, 'b') + "\r\n";
    expect_refused(request(line, chunked, body + flood + "\r\n"), {400}, "200 KB of trailers");
}

TEST_F(WireFraming, C12RefusesOddChunks) {
    const std::string chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    const auto with_body = [&](const std::string& body) { return request(connect_line(), chunked, body); };
    expect_refused(with_body("1e;" + std::string(257, 'a') + "\r\n"), 400);
    expect_refused(with_body("1e;" + std::string(1 << 20, 'a')), {400}, "1 MB of extension");
    for (const char* size : {"10000000000000001", "ffffffffffffffff", "", "0x1", "-1", "+1", " 1", "1 ", "g"})
        expect_refused(with_body(std::string(size) + "\r\n{\r\n0\r\n\r\n"), 400);
    expect_refused(with_body("2\r\n{}x\r\n0\r\n\r\n"), 400);
    expect_refused(with_body("2\n{}\n0\n\n"), 400);
}

TEST_F(WireFraming, C12TakesABodyInOneByteChunks) {
    std::string body;
    for (const char c : fine_body)
        body += std::string("1;x=y\r\n") + c + "\r\n";
    const auto all =
        say(request(connect_line(),
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n",
                    body + "0\r\n\r\n"));
    EXPECT_EQ(harness::parse_answer(all).status, 200) << all;
}

} // namespace
