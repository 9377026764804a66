// Bodies, pipelining, clients that disconnect, data of other callers (docs/promises.md C13, C15, C16, C23,
// C25, C27), as raw bytes.
#include "base/digest.hpp"
#include "flow/wire_test.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;

class WireBodies : public wire::wire_test {};

TEST_F(WireBodies, C13RefusesWhatIsTooLargeBeforeReadingIt) {
    const std::string json = "Content-Type: application/json\r\n";
    expect_refused(request(connect_line(), json + "Content-Length: 5000000000\r\n"), 413);
    expect_refused(request("GET /v1/users HTTP/1.1", "Content-Length: 5000000000\r\n"), 413);
}

TEST_F(WireBodies, C13StopsEndlessChunksAtTheLimit) {
    harness::raw_socket endless(w.gateway().port(), w.heard());
    endless.send(request(connect_line(), "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"));
    const std::string chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
    // After the answer the gateway discards input for a moment; then it closes.
    const auto until = gateway::steady_now() + closes_within;
    bool taken = true;
    while (taken && gateway::steady_now() < until)
        taken = endless.send(chunk, closes_within);
    EXPECT_FALSE(taken) << "somebody takes an endless body";
    const auto all = endless.receive_all(closes_within);
    if (!all.empty()) { // empty if a reset destroyed the answer
        EXPECT_EQ(harness::parse_answer(all).status, 413) << all;
    }
    expect_alive();
}

TEST_F(WireBodies, C15AnswersPipelinedRequestsInOrder) {
    w.connect("user-b", {{"account", "bob"}});
    harness::raw_socket socket(w.gateway().port(), w.heard());
    std::string all;
    for (int i = 0; i < 100; ++i)
        all += get(i % 2 == 0 ? "/v1/users/user-77/info" : "/v1/users/user-b/info");
    ASSERT_TRUE(socket.send(all));
    for (int i = 0; i < 100; ++i) {
        const auto got = harness::parse_answer(socket.receive_answer());
        ASSERT_EQ(got.status, 200) << i << got.raw;
        EXPECT_EQ(got.text_at("data.user.display_name"), i % 2 == 0 ? "Alice" : "Bob") << i;
    }
}

TEST_F(WireBodies, C15TakesRequestsCutAnywhere) {
    const std::string two = connect_with(fine_body) + get("/v1/users/user-77", "Connection: close\r\n");
    for (std::size_t cut = 1; cut < two.size(); cut += 7) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(two.substr(0, cut));
        socket.send(two.substr(cut));
        const auto first = harness::parse_answer(socket.receive_answer());
        const auto second = harness::parse_answer(socket.receive_answer());
        ASSERT_EQ(first.status, 200) << cut << first.raw;
        ASSERT_EQ(second.status, 200) << cut << second.raw;
        EXPECT_FALSE(first.text_at("data.authorize_url").empty());
        EXPECT_EQ(second.text_at("data.state"), "connected") << second.raw;
    }
}

TEST_F(WireBodies, C15RunsNothingBehindABodyItDidNotRead) {
    // A body on a route that takes none must not be read as a request.
    const std::string inner = reaching_tiktok();
    const auto before = seen_by_tiktok();
    const auto all =
        say(request("GET /v1/nowhere HTTP/1.1",
                    "Content-Length: " + std::to_string(inner.size()) + "\r\nConnection: close\r\n", inner));
    EXPECT_EQ(answers_in(all), 1U) << all;
    EXPECT_EQ(harness::parse_answer(all).status, 404) << all;
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(WireBodies, C16AnswersAClientThatEndedItsSide) {
    harness::raw_socket socket(w.gateway().port(), w.heard());
    socket.send(reaching_tiktok());
    socket.end_sending();
    EXPECT_EQ(harness::parse_answer(socket.receive_all(closes_within)).status, 200);
}

TEST_F(WireBodies, C16SurvivesResetsAnywhere) {
    const std::string whole = connect_with(fine_body) + reaching_tiktok();
    for (std::size_t cut = 0; cut <= whole.size(); cut += 5) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(whole.substr(0, cut));
        socket.reset();
    }
    const std::string large =
        request(connect_line(), "Content-Type: application/json\r\nContent-Length: 60000\r\n",
                std::string(60000, ' '));
    for (std::size_t cut = 1024; cut < large.size(); cut += 4096) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(large.substr(0, cut));
        socket.reset();
    }
    expect_alive();
}

TEST_F(WireBodies, C23RefusesMalformedJson) {
    std::vector<std::string> bodies{" ",
                                    "{",
                                    "[1,]",
                                    "{\"scopes\":[],\"scopes\":[]}",
                                    "{\"scopes\":[],\"sc\\u006fpes\":[]}",
                                    "\xef\xbb\xbf{}",
                                    "{} {}",
                                    "{\"a\":NaN}",
                                    "{\"a\":\"\\ud800\"}",
                                    "{\"a\":\"\xff\"}",
                                    "{\"a\":1e400}",
                                    "{\"a\":123456789012345678901234567890}",
                                    "{'a':1}",
                                    "{\"a\":\"\n\"}",
                                    std::string(30'000, '['),
                                    "{\"a\":" + std::string(33, '[') + std::string(33, ']') + "}"};
    std::string keys = "{";
    for (int i = 0; i < 11'000; ++i)
        keys += "\"" + std::to_string(i) + "\":0,";
    keys.back() = '}';
    for (const auto& body : bodies) {
        const auto got = harness::parse_answer(say(connect_with(body, "Connection: close\r\n")));
        EXPECT_EQ(got.status, 400) << body.substr(0, 60) << got.raw;
        EXPECT_EQ(got.code(), "malformed_json") << body.substr(0, 60);
    }
    const auto many = harness::parse_answer(say(connect_with(keys, "Connection: close\r\n")));
    EXPECT_TRUE(many.status == 400 || many.status == 413) << many.raw;
    expect_alive();
}

TEST_F(WireBodies, C25RefusesCompressedBodies) {
    expect_refused(connect_with(std::string("\x1f\x8b\x08\0\0\0\0\0", 8), "Content-Encoding: gzip\r\n"), 415);
}

class WireCallers : public wire::wire_test {
protected:
    const std::string other_key = "tgk_" + gateway::to_hex(gateway::random_bytes(20));

    void SetUp() override {
        const auto one = [](const std::string& name, const std::string& key, const char* users) {
            return "{name: " + name + ", key_sha256: " + gateway::to_hex(gateway::sha256(key)) + ", users: ['"
                   + users + "'], requests_per_minute: 1000000}";
        };
        w.plant(other_key);
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[" + one("flow", w.caller_key(), "user-*") + ", " + one("other", other_key, "guest-*") + "]";
        wire_test::SetUp();
    }

    /// The answer to the other caller, without the parts that differ in every answer.
    std::string told(const std::string& method, const std::string& target, const std::string& body) {
        const std::string fields = body.empty() ? ""
                                                : "Content-Type: application/json\r\nContent-Length: "
                                                      + std::to_string(body.size()) + "\r\n";
        const auto got =
            harness::parse_answer(say(method + " " + target + " HTTP/1.1\r\n" + host_field() + "x-api-key: "
                                      + other_key + "\r\nConnection: close\r\n" + fields + "\r\n" + body));
        EXPECT_EQ(got.status, 404) << method << target << got.raw;
        auto value = got.json();
        if (value.is_object() && value.as_object().contains("problem"))
            value.as_object().at("problem").as_object().erase("request_id");
        return boost::json::serialize(value);
    }
};

TEST_F(WireCallers, C27TellsNobodyOfOtherCallersUsers) {
    struct place {
        const char* method;
        const char* path;
        const char* body;
    };
    for (const auto& [method, path, body] :
         {place{"GET", "/info", ""}, place{"GET", "/profile", ""}, place{"GET", "/stats", ""},
          place{"GET", "/videos", ""}, place{"GET", "", ""}, place{"GET", "/creator", ""},
          place{"GET", "/posts", ""}, place{"DELETE", "", ""}, place{"GET", "/posts/v_pub_file~v2-1.123", ""},
          place{"POST", "/videos/query", R"({"video_ids":["1"]})"}}) {
        // The answers for another caller's user and for a user that does not exist must be equal.
        const auto foreign = told(method, "/v1/users/user-77" + std::string(path), body);
        const auto nobody = told(method, "/v1/users/user-99" + std::string(path), body);
        EXPECT_EQ(foreign, nobody) << method << path;
        EXPECT_THAT(foreign, HasSubstr("user_not_connected")) << method << path;
    }
}

TEST_F(WireCallers, C27C15MixesNoKeysOnOneConnection) {
    const auto tokens = w.tiktok().make_tokens({{"account", "bob"}});
    const std::string body = boost::json::serialize(tokens);
    const std::string other = "x-api-key: " + other_key + "\r\n";
    const auto stored =
        harness::parse_answer(say("PUT /v1/users/guest-1/tokens HTTP/1.1\r\n" + host_field() + other
                                  + "Connection: close\r\nContent-Type: application/json\r\nContent-Length: "
                                  + std::to_string(body.size()) + "\r\n\r\n" + body));
    ASSERT_EQ(stored.status, 200) << stored.raw;
    harness::raw_socket socket(w.gateway().port(), w.heard());
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all += get("/v1/users/user-77/info") + get("/v1/users/guest-1/info");
        all += "GET /v1/users/guest-1/info HTTP/1.1\r\n" + host_field() + other + "\r\n";
    }
    ASSERT_TRUE(socket.send(all));
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).text_at("data.user.display_name"), "Alice");
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).status, 404);
        EXPECT_EQ(harness::parse_answer(socket.receive_answer()).text_at("data.user.display_name"), "Bob");
    }
}

} // namespace
