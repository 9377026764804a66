// Requests of clients, service meshes and load balancers that the RFCs allow are accepted, as raw bytes;
// beside each, similar ones that stay refused.
#include "flow/wire_test.hpp"

#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;
using testing::Not;

class WireLegal : public wire::wire_test {
protected:
    std::string asked(const std::string& line, const std::string& type, const std::string& fields,
                      const std::string& body = {}) {
        const std::string content_type = type.empty() ? "" : "Content-Type: " + type + "\r\n";
        return request(line + " HTTP/1.1", content_type + fields, body);
    }
    std::string last() { return get("/v1/users/user-77", "Connection: close\r\n"); }
    /// Status and code of the answer to `bytes`; the connection must serve one more request.
    std::string told_with_one_more(const std::string& bytes) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(bytes + last());
        const auto got = harness::parse_answer(socket.receive_answer());
        const auto next = harness::parse_answer(socket.receive_answer());
        EXPECT_EQ(next.text_at("data.state"), "connected") << bytes.substr(0, 200) << got.raw << next.raw;
        EXPECT_EQ(socket.receive_all(closes_within), "") << "bytes of a body were run";
        return std::to_string(got.status) + " " + got.code();
    }
    int status_of(const std::string& bytes) { return harness::parse_answer(say(bytes)).status; }
};

struct call {
    const char* line;
    const char* type;
};

TEST_F(WireLegal, FaultEAChunkedBodyOfNoBytesIsAsNoBodyOnEveryRoute) {
    for (const auto& [line, type] :
         {call{"GET /v1/users", ""}, call{"GET /v1/users", "text/plain"},
          call{"GET /v1/users/user-77/info", "application/json"}, call{"GET /v1/nowhere", ""},
          call{"GET /openapi.yaml", ""}, call{"OPTIONS /v1/users", ""}, call{"DELETE /v1/users/nobody", ""},
          call{"DELETE /v1/users/user-77/posts/v_pub_url~v2.1", ""},
          call{"POST /v1/users/user-77/connect", ""}, call{"POST /v1/users/user-77/connect", "text/plain"},
          call{"POST /v1/users/user-77/connect", "application/json"},
          call{"POST /v1/users/user-77/photos", ""}, call{"POST /v1/users/user-77/videos", ""},
          call{"POST /v1/users/user-77/videos", "text/plain"},
          call{"POST /v1/users/user-77/videos", "video/mp4"}, call{"POST /v1/files", "video/mp4"},
          call{"PUT /v1/users/user-77/tokens", ""}, call{"POST /webhooks/tiktok", ""}}) {
        const auto without = told_with_one_more(asked(line, type, ""));
        for (const char* empty :
             {"0\r\n\r\n", "00000000000000000\r\n\r\n", "0 ;\ta = \"b;c\"\r\nA:\tb \r\n\r\n"})
            EXPECT_EQ(told_with_one_more(asked(line, type, "Transfer-Encoding: chunked\r\n", empty)), without)
                << line << " " << type << " " << empty;
    }
    const auto head =
        say(asked("HEAD /v1/users", "", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n") + last());
    EXPECT_EQ(answers_in(head), 2U) << head;
    EXPECT_EQ(harness::parse_answer(head).status, 200) << head;
}

TEST_F(WireLegal, FaultEAnEmptyBodyMayComeLaterThanItsHead) {
    for (const char* line : {"GET /v1/users", "DELETE /v1/users/nobody", "POST /v1/users/user-77/connect"}) {
        const auto without = status_of(asked(line, "", "Connection: close\r\n"));
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(asked(line, "", "Transfer-Encoding: chunked\r\n"));
        for (const char* byte : {"0", "\r", "\n", "\r", "\n"})
            socket.send(byte);
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).status, without) << line;
        socket.send(last());
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).status, 200) << line;
    }
}

TEST_F(WireLegal, FaultEOneByteIsABody) {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::string one = "1\r\nx\r\n0\r\n\r\n";
    for (const char* type : {"", "text/plain"})
        EXPECT_EQ(told_with_one_more(asked("POST /v1/users/user-77/connect", type, chunked, one)),
                  "415 unsupported_media_type");
    EXPECT_EQ(told_with_one_more(asked("POST /v1/users/user-77/connect", "application/json", chunked, one)),
              "400 malformed_json");
    // A client with Expect: 100-continue is refused before its body is requested.
    const auto asks = say(asked("POST /v1/users/user-77/connect", "", chunked + "Expect: 100-continue\r\n"));
    EXPECT_EQ(harness::parse_answer(asks).status, 415) << asks;
    EXPECT_THAT(asks, Not(HasSubstr("100 Continue")));
    // An incomplete chunk is not an empty body.
    expect_refused(asked("GET /v1/users", "", chunked, "0\r\n\rX"), 400);
    expect_refused(asked("POST /v1/users/user-77/connect", "", chunked, "0\r\n X: y\r\n\r\n"), 400);
}

TEST_F(WireLegal, FaultFTakesEveryByteThatAValueMayHold) {
    harness::raw_socket socket(w.gateway().port(), w.heard());
    std::string all;
    int sent = 0;
    for (int byte = 0x09; byte < 0x100; byte = byte == 0x09 ? 0x20 : byte + 1) {
        if (byte == 0x7f) continue;
        const std::string one(1, static_cast<char>(byte));
        all += get("/v1/users/user-77", "User-Agent:" + one + "vw\r\nTraceparent:v" + one + "w\r\nX-Other:vw"
                                            + one + "\r\nX-Request-Id:" + one + "\r\nAccept:" + one + "\r\n");
        ++sent;
    }
    EXPECT_EQ(sent, 1 + 95 + 128);
    ASSERT_TRUE(socket.send(all));
    for (int i = 0; i < sent; ++i) {
        const auto got = harness::parse_answer(socket.receive_answer());
        ASSERT_EQ(got.status, 200) << "request " << i << got.raw;
    }
}

TEST_F(WireLegal, FaultFTakesBlanksAndTabsAroundTheWordsOfAField) {
    const std::string port = std::to_string(w.gateway().port());
    const std::string key = "Authorization:\t Bearer " + w.caller_key() + "\t\r\n";
    for (const char* blank : {"", " ", "\t", " \t", "\t \t  "}) {
        const std::string b = blank;
        const std::string host = "Host:" + b + "127.0.0.1:" + port + b + "\r\n";
        const std::string type =
            "Content-Type:" + b + "application/json" + b + ";" + b + "charset=utf-8" + b + "\r\n";
        const std::string start =
            connect_line() + "\r\n" + host + key + type + "Content-Encoding:" + b + "\r\n";
        const std::string size = std::to_string(fine_body.size());
        const std::string body(fine_body);
        bool closed = false;
        const auto counted = say(start + "Content-Length:" + b + size + b + "\r\nConnection:" + b + "close"
                                     + b + "\r\n\r\n" + body,
                                 &closed);
        EXPECT_EQ(harness::parse_answer(counted).status, 200) << counted;
        EXPECT_TRUE(closed);
        const auto chunked =
            say(start + "Transfer-Encoding:" + b + "chunked" + b + "\r\nConnection:" + b + "," + b + "close"
                + b + ",\r\n\r\n1e" + b + ";" + b + "a" + b + "=" + b + "\"b \t\\\"\"\r\n" + body
                + "\r\n00000000000000000" + b + ";x\r\nA:" + b + "b\tc" + b + "\r\n\r\n");
        EXPECT_EQ(harness::parse_answer(chunked).status, 200) << chunked;
    }
    const std::string json = "Content-Type: application/json\r\n";
    for (const char* line : {"1e;", "1e; ", "1e ", "1e;a=", "1e;a ", "1e;=b", "1e;a b", "1e;a=\"b"})
        expect_refused(request(connect_line(), json + "Transfer-Encoding: chunked\r\n",
                               std::string(line) + "\r\n" + std::string(fine_body) + "\r\n0\r\n\r\n"),
                       400);
}

TEST_F(WireLegal, FaultFNoTabHidesALengthACodingOrASecondRequest) {
    for (const char* fields :
         {"Content-Length:\t5\r\nTransfer-Encoding:\tchunked\r\n",
          "Content-Length: 5\r\nContent-Length:\t5\r\n", "Content-Length: 5\t5\r\n",
          "Transfer-Encoding: chunked\tgzip\r\n",
          "Transfer-Encoding:\tchunked\r\nTransfer-Encoding:\tchunked\r\n",
          "Transfer-Encoding\t: chunked\r\n", "\tTransfer-Encoding: chunked\r\n",
          "X: y\r\n\tTransfer-Encoding: chunked\r\n", "X: y\t\rTransfer-Encoding: chunked\r\n",
          "X: y\t\nTransfer-Encoding: chunked\r\n", "Host:\ta\r\n"})
        expect_refused(
            request(connect_line(), "Content-Type: application/json\r\n" + std::string(fields), "0\r\n\r\n"),
            400);
}

TEST_F(WireLegal, FaultFTakesAHundredFields) {
    std::string fields = "Connection: close\r\n";
    for (int i = 0; i < 97; ++i) // and Host and Authorization
        fields += "X-Forwarded-Detail-" + std::to_string(i) + ": " + std::string(120, 'v') + "\r\n";
    EXPECT_EQ(status_of(get("/v1/users", fields)), 200);
    // With a body Beast parses the head, too; here the three fields about the body replace others.
    fields.resize(fields.find("X-Forwarded-Detail-95"));
    EXPECT_EQ(status_of(connect_with(fine_body, fields)), 200);
}

TEST_F(WireLegal, FaultFTakesAnAbsoluteFormWhosePortGoesWithoutSaying) {
    const auto asked = [this](const std::string& target, const std::string& host) {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + key_field();
    };
    for (const auto& [target, host] : {std::pair{"http://gw.example:80/v1/users", "gw.example"},
                                       std::pair{"http://gw.example/v1/users", "gw.example:80"},
                                       std::pair{"https://gw.example:443/v1/users", "gw.example"},
                                       std::pair{"http://[::1]:80/v1/users", "[::1]"}})
        EXPECT_EQ(status_of(asked(target, host) + "Connection: close\r\n\r\n"), 200) << target;
    for (const auto& [target, host] : {std::pair{"http://gw.example:443/v1/users", "gw.example"},
                                       std::pair{"https://gw.example:80/v1/users", "gw.example"},
                                       std::pair{"http://gw.example:81/v1/users", "gw.example"},
                                       std::pair{"http://evil.example:80/v1/users", "gw.example"},
                                       std::pair{"http://u@gw.example:80/v1/users", "gw.example"}})
        expect_refused(asked(target, host) + "\r\n", 400);
}

TEST_F(WireLegal, FaultFABodyOfAGetIsDroppedAndNeverRun) {
    const std::string inner = reaching_tiktok();
    const auto before = seen_by_tiktok();
    for (const char* line : {"GET /v1/users", "GET /v1/users/user-77/posts", "DELETE /v1/users/nobody"}) {
        const auto without = told_with_one_more(asked(line, "", ""));
        for (const std::string& body : {inner, std::string("{}"), std::string(64 * 1024, 'x')}) {
            const auto counted = "Content-Length: " + std::to_string(body.size()) + "\r\n";
            EXPECT_EQ(told_with_one_more(asked(line, "text/plain", counted, body)), without) << line;
            std::string chunks = "1\r\n" + body.substr(0, 1) + "\r\n";
            char size[20];
            std::snprintf(size, sizeof size, "%zx", body.size() - 1);
            chunks += size + ("\r\n" + body.substr(1)) + "\r\n0\r\n\r\n";
            EXPECT_EQ(told_with_one_more(asked(line, "", "Transfer-Encoding: chunked\r\n", chunks)), without)
                << line;
        }
    }
    EXPECT_EQ(seen_by_tiktok(), before);
    // A larger body is refused, announced or not, and so is an incomplete one.
    expect_refused(asked("GET /v1/users", "", "Content-Length: 65537\r\n"), 413);
    std::string many;
    for (int i = 0; i < 10; ++i)
        many += "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
    expect_refused(asked("GET /v1/users", "", "Transfer-Encoding: chunked\r\n", many), {413},
                   "320 KB in chunks");
    harness::raw_socket short_one(w.gateway().port(), w.heard());
    short_one.send(asked("GET /v1/users", "", "Content-Length: 10\r\n", "12345"));
    short_one.end_sending();
    EXPECT_EQ(harness::parse_answer(short_one.receive_all(closes_within)).status, 400);
    // No 100 Continue for a body that is discarded.
    const auto asks = say(asked("GET /v1/users", "", "Content-Length: 10\r\nExpect: 100-continue\r\n"));
    EXPECT_EQ(harness::parse_answer(asks).status, 200) << asks;
    EXPECT_THAT(asks, Not(HasSubstr("100 Continue")));
}

class WireOld : public wire::wire_test {
protected:
    std::string say_to_admin(const std::string& bytes) {
        harness::raw_socket socket(w.admin().port(), w.heard());
        socket.send(bytes);
        return socket.receive_all(closes_within);
    }
};

TEST_F(WireOld, FaultGTheAdminPortNeedsNoHostInHttp10) {
    expect_alive(); // so that it is ready
    for (const char* path : {"/healthz", "/readyz", "/metrics", "http://gw.example:80/healthz"})
        for (const char* fields : {"", "Host: gw.example\r\n", "Host:\tgw.example:80\r\n",
                                   "Connection: close\r\n", "User-Agent: probe\t1\r\n"}) {
            const auto got =
                say_to_admin("GET " + std::string(path) + " HTTP/1.0\r\n" + std::string(fields) + "\r\n");
            EXPECT_EQ(harness::parse_answer(got).status, 200) << path << fields << got;
            EXPECT_EQ(harness::parse_answer(got).header("connection"), "close") << got;
        }
    const auto head = say_to_admin("HEAD /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(harness::parse_answer(head).status, 200) << head;
    for (const char* bad :
         {"GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.0\r\nHost: a b\r\n\r\n",
          "GET /healthz HTTP/1.0\r\nHost:\r\n\r\n", "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
          "GET http://b/healthz HTTP/1.0\r\nHost: a\r\n\r\n"})
        EXPECT_EQ(harness::parse_answer(say_to_admin(bad)).status, 400) << bad;
    // An empty body, as service meshes send it, makes no difference here either.
    const auto empty =
        say_to_admin("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(harness::parse_answer(empty).status, 200) << empty;
}

TEST_F(WireOld, FaultGTheApiTakesHttp10WithoutHostToo) {
    const std::string rest = key_field() + "\r\n";
    const auto got = harness::parse_answer(say("GET /v1/users HTTP/1.0\r\n" + rest));
    EXPECT_EQ(got.status, 200) << got.raw;
    expect_refused("GET /v1/users HTTP/1.1\r\n" + rest, 400);
    expect_refused("GET /v1/users HTTP/1.0\r\nHost: a/b\r\n" + rest, 400);
}

/// Without callers in the settings.
class WireOldOpen : public harness::flow_test {
protected:
    void SetUp() override { w.options.with_caller_key = false; }
    int status_of(const std::string& head) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(head + "\r\n");
        return harness::parse_answer(socket.receive_all()).status;
    }
};

TEST_F(WireOldOpen, FaultGWithoutAHostNobodyHasAskedForALoopbackOne) {
    EXPECT_EQ(status_of("GET /v1/users HTTP/1.0\r\n"), 403);
    EXPECT_EQ(status_of("GET http://evil.example/v1/users HTTP/1.0\r\n"), 403);
    EXPECT_EQ(status_of("GET http://localhost/v1/users HTTP/1.0\r\n"), 200);
    EXPECT_EQ(status_of("GET /v1/users HTTP/1.0\r\nHost: localhost\r\n"), 200);
}

} // namespace
