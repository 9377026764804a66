// Request lines, heads and credentials (docs/promises.md C07-C10, C14, C17, C28), as raw bytes.
#include "flow/wire_test.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;
using testing::Not;

class WireHeads : public wire::wire_test {};

TEST_F(WireHeads, C07RefusesTargetsThatCanBeReadInTwoWays) {
    const std::string base = std::string("/v1/users/") + user;
    for (const char* end : {"/\xc3\xa9", "/a<",      "/a>",     "/a\"",     "/a{",
                            "/a}",       "/a|",      "/a^",     "/a`",      "/a\\b",
                            "/info#x",   "/../info", "/./info", "/info/..", "/%2e%2e/x",
                            "/%2E/info", "%2finfo",  "%2Finfo", "/info%00", "/info%0d%0aX:y",
                            "/info%5c",  "/%",       "/%zz"})
        expect_refused(get(base + end), 400);
    expect_refused(get("http://evil.example/v1/users"), 400);
    expect_refused(get("v1/users"), 400);
    expect_refused(get("*"), 400);
}

TEST_F(WireHeads, C07RoutesAndAuthorisesOnePath) {
    const auto plain = say(get("/v1/users/user-77", "Connection: close\r\n"));
    const auto escaped = say(get("/v1/users/user%2D77", "Connection: close\r\n"));
    const auto absolute =
        say(get("http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/v1/users/user-77",
                "Connection: close\r\n"));
    EXPECT_EQ(harness::parse_answer(plain).status, 200) << plain;
    EXPECT_EQ(harness::parse_answer(escaped).status, 200) << escaped;
    EXPECT_EQ(harness::parse_answer(absolute).status, 200) << absolute;
    EXPECT_EQ(harness::parse_answer(say(get("//v1/users", "Connection: close\r\n"))).status, 404);
}

TEST_F(WireHeads, C08RefusesUnknownMethodsAndVersions) {
    for (const char* method : {"BREW", "PROPFIND", "get"})
        expect_refused(request(std::string(method) + " /v1/users HTTP/1.1"), {501, 405});
    const auto trace = say(request("TRACE /v1/users HTTP/1.1"));
    EXPECT_EQ(harness::parse_answer(trace).status, 405);
    EXPECT_FALSE(harness::parse_answer(trace).header("allow").empty()) << trace;
    expect_refused(request("CONNECT 127.0.0.1:80 HTTP/1.1"), {405, 501, 400});
    expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505, 400});
    for (const char* version : {"HTTP/0.9", "HTTP/1.2", "HTTP/9.9"})
        expect_refused(request("GET /v1/users " + std::string(version)), {505, 400});
    expect_refused("GET /v1/users\r\n\r\n", {400, 505});
}

TEST_F(WireHeads, C08AnswersAllowWhereTheMethodIsTheFault) {
    const auto patch =
        harness::parse_answer(say(request("PATCH /v1/users HTTP/1.1", "Connection: close\r\n")));
    EXPECT_EQ(patch.status, 405) << patch.raw;
    EXPECT_EQ(patch.code(), "method_not_allowed");
    EXPECT_THAT(patch.header("allow"), HasSubstr("GET"));
    const auto options =
        harness::parse_answer(say(request("OPTIONS /v1/users HTTP/1.1", "Connection: close\r\n")));
    EXPECT_EQ(options.status, 200) << options.raw;
    EXPECT_THAT(options.header("allow"), HasSubstr("GET"));
    const auto head = say(request("HEAD /v1/users HTTP/1.1", "Connection: close\r\n"));
    EXPECT_EQ(harness::parse_answer(head).status, 200) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(WireHeads, C09RefusesHeaderFloods) {
    std::string fields;
    for (int i = 0; i < 99; ++i) // 101 with Host and Authorization
        fields += "a: b\r\n";
    expect_refused(get("/v1/users", fields), 431);
    std::string tiny;
    for (int i = 0; i < 3000; ++i)
        tiny += "a:\r\n";
    expect_refused(get("/v1/users", tiny), {431}, "3,000 fields");
    expect_refused(get("/v1/users", "X-Big: " + std::string(8200, 'x') + "\r\n"), {431},
                   "a field above 8 KB");
    const std::string half = "X-Half: " + std::string(6000, 'x') + "\r\n";
    expect_refused(get("/v1/users", half + half + half), {431}, "17 KB of header");
    // An endless header in pieces: the answer comes while it is still being sent.
    harness::raw_socket endless(w.gateway().port(), w.heard());
    endless.send("GET /v1/users HTTP/1.1\r\n" + host_field());
    const std::string piece = "X-Piece: " + std::string(900, 'x') + "\r\n";
    for (int i = 0; i < 1000; ++i)
        if (!endless.send(piece)) break;
    EXPECT_THAT(endless.receive_all(closes_within), HasSubstr("431"));
    expect_alive();
}

TEST_F(WireHeads, C10RefusesLongTargets) {
    expect_refused(get("/" + std::string(8192, 'a')), {414}, "8,193 bytes of path");
    expect_refused(get("/v1/users?x=" + std::string(20'000, 'a')), {414}, "20 KB of query");
}

TEST_F(WireHeads, C14AsksForTheBodyOnlyWhenTheRestIsFine) {
    harness::raw_socket waits(w.gateway().port(), w.heard());
    const std::string length = "Content-Length: " + std::to_string(fine_body.size()) + "\r\n";
    const std::string json = "Content-Type: application/json\r\nExpect: 100-continue\r\n";
    waits.send(request(connect_line(), json + length));
    EXPECT_EQ(waits.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    waits.send(fine_body);
    EXPECT_EQ(harness::parse_answer(waits.receive_answer()).status, 200);

    const auto never_waits = harness::parse_answer(
        say(request(connect_line(), json + length + "Connection: close\r\n", fine_body)));
    EXPECT_EQ(never_waits.status, 200) << never_waits.raw;

    const auto no_key = say(connect_line() + "\r\n" + host_field() + json + length + "\r\n");
    EXPECT_EQ(harness::parse_answer(no_key).status, 401) << no_key;
    EXPECT_THAT(no_key, Not(HasSubstr("100 Continue")));
    const auto too_large = say(request(connect_line(), json + "Content-Length: 5000000000\r\n"));
    EXPECT_EQ(harness::parse_answer(too_large).status, 413) << too_large;
    EXPECT_THAT(too_large, Not(HasSubstr("100 Continue")));
    expect_refused(request(connect_line(), length + "Expect: 200-ok\r\n", fine_body), 417);
}

TEST_F(WireHeads, C28GivesTheSameRefusalToEveryWrongKey) {
    const auto with = [this](const std::string& fields) {
        return harness::parse_answer(
            say("GET /v1/users HTTP/1.1\r\n" + host_field() + fields + "Connection: close\r\n\r\n"));
    };
    const auto without_id = [](const harness::answer& got) {
        auto value = got.json();
        if (value.is_object()) value.as_object().at("problem").as_object().erase("request_id");
        return boost::json::serialize(value);
    };
    const auto missing = with("");
    EXPECT_EQ(missing.status, 401) << missing.raw;
    EXPECT_EQ(missing.code(), "unauthenticated");
    for (const char* fields :
         {"Authorization: Bearer wrong\r\n", "x-api-key: wrong\r\n", "Authorization: Basic dTpw\r\n",
          "Authorization: Bearer\r\n", "Authorization:\r\n", "Authorization: Bearer  \r\n",
          "Authorization: Bearer wrong\r\nx-api-key: wrong\r\n"}) {
        const auto got = with(fields);
        EXPECT_EQ(got.status, 401) << fields << got.raw;
        EXPECT_EQ(without_id(got), without_id(missing)) << fields;
    }
    for (const std::size_t same : {std::size_t{4}, w.caller_key().size() / 2, w.caller_key().size() - 1}) {
        auto nearly_right = w.caller_key();
        nearly_right.replace(same, std::string::npos, nearly_right.size() - same, '.');
        const auto got = with("Authorization: Bearer " + nearly_right + "\r\n");
        EXPECT_EQ(without_id(got), without_id(missing)) << same << " characters are right";
    }
    EXPECT_EQ(with("x-api-key: " + w.caller_key() + "\r\n").status, 200);
    EXPECT_EQ(with("AUTHORIZATION: bearer " + w.caller_key() + "\r\n").status, 200);
}

TEST_F(WireHeads, C28RefusesTwoKeysAndKeysInTheQuery) {
    const std::string own = "x-api-key: " + w.caller_key() + "\r\n";
    expect_refused(get("/v1/users", key_field()), 400);
    expect_refused(get("/v1/users", "x-api-key: " + w.caller_key() + "x\r\n"), 400);
    expect_refused(get("/v1/users", "x-api-key:\r\n"), 400);
    expect_refused("GET /v1/users HTTP/1.1\r\n" + host_field() + own + own + "\r\n", 400);
    for (const char* name : {"api_key", "x-api-key", "authorization", "access_token"}) {
        const auto got =
            harness::parse_answer(say("GET /v1/users?" + std::string(name) + "=wrong HTTP/1.1\r\n"
                                      + host_field() + "Connection: close\r\n\r\n"));
        EXPECT_EQ(got.status, 401) << got.raw;
        const auto known = harness::parse_answer(
            say(get("/v1/users?" + std::string(name) + "=wrong", "Connection: close\r\n")));
        EXPECT_EQ(known.status, 422) << known.raw;
    }
}

TEST_F(WireHeads, C28HourATheSameKeyInBothFieldsIsOne) {
    const auto with_both = [this](const std::string& key) {
        return harness::parse_answer(say("GET /v1/users HTTP/1.1\r\n" + host_field()
                                         + "Authorization: Bearer " + key + "\r\nx-api-key: " + key
                                         + "\r\nConnection: close\r\n\r\n"));
    };
    EXPECT_EQ(with_both(w.caller_key()).status, 200);
    const auto wrong = with_both(std::string(w.caller_key().size(), '.'));
    EXPECT_EQ(wrong.status, 401) << wrong.raw;
    EXPECT_EQ(wrong.code(), "unauthenticated");
}

TEST_F(WireHeads, G09TakesARequestIdOnlyWhenShortAndPlain) {
    const auto id_for = [this](const std::string& id) {
        const std::string fields = "X-Request-Id: " + id + "\r\nConnection: close\r\n";
        return harness::parse_answer(say(get("/v1/users", fields))).header("x-request-id");
    };
    EXPECT_EQ(id_for("abc-1.2_3:4"), "abc-1.2_3:4");
    EXPECT_EQ(id_for(std::string(64, 'a')), std::string(64, 'a'));
    for (const std::string& odd : {std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
                                   std::string("\xc3\xa9"), std::string("a,b"), std::string("<b>")})
        EXPECT_EQ(id_for(odd).size(), 26U) << odd;
}

TEST_F(WireHeads, Http10EndsUnlessItAsksToStay) {
    harness::raw_socket ends(w.gateway().port(), w.heard());
    ends.send(request("GET /v1/users HTTP/1.0"));
    const auto got = ends.receive_all(closes_within);
    EXPECT_EQ(harness::parse_answer(got).status, 200) << got;
    EXPECT_TRUE(ends.is_closed_by_peer(closes_within));
    harness::raw_socket stays(w.gateway().port(), w.heard());
    for (int i = 0; i < 3; ++i) {
        stays.send(request("GET /v1/users HTTP/1.0", "Connection: keep-alive\r\n"));
        const auto answer = harness::parse_answer(stays.receive_answer());
        EXPECT_EQ(answer.status, 200) << answer.raw;
        EXPECT_EQ(answer.header("connection"), "keep-alive");
    }
}

/// Without callers in the settings.
class WireOpen : public harness::flow_test {
protected:
    void SetUp() override { w.options.with_caller_key = false; }
    int status_for(const std::string& host) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send("GET /v1/users HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        return harness::parse_answer(socket.receive_all()).status;
    }
};

TEST_F(WireOpen, C05ServesOnlyALoopbackHostWhenNobodyNeedsAKey) {
    const std::string port = ":" + std::to_string(w.gateway().port());
    for (const char* host : {"localhost", "127.0.0.1", "LOCALHOST", "[::1]", "127.1.2.3"}) {
        EXPECT_EQ(status_for(host), 200) << host;
        EXPECT_EQ(status_for(host + port), 200) << host;
    }
    // A page in a browser sends its own host name, whatever address that resolves to.
    for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
                             "[::2]", "1270.0.0.1"})
        EXPECT_EQ(status_for(host), 403) << host;
}

TEST_F(WireOpen, AuditGWhatABrowserSendsForAnotherSiteIsRefusedOnEveryRoute) {
    const auto status_of = [this](const std::string& line, const std::string& fields) {
        harness::raw_socket socket(w.gateway().port(), w.heard());
        socket.send(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + "\r\n");
        return harness::parse_answer(socket.receive_all()).status;
    };
    const std::string marks[] = {"Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n",
                                 "Origin: https://evil.example\r\n", "Origin: null\r\n",
                                 "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"};
    const std::string form = "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n";
    for (const auto& mark : marks) {
        for (const char* line :
             {"GET /v1/users", "HEAD /v1/users", "GET /openapi.yaml", "GET /docs", "GET /nowhere",
              "OPTIONS /v1/users", "OPTIONS *", "DELETE /v1/users/demo", "GET /oauth/callback/"})
            EXPECT_EQ(status_of(line, mark), 403) << line << mark;
        for (const char* line : {"POST /v1/users/demo/videos", "POST /v1/files", "POST /webhooks/tiktok",
                                 "PUT /v1/users/demo/tokens", "POST /v1/users/demo/connect"})
            EXPECT_EQ(status_of(line, mark + form), 403) << line << mark;
        EXPECT_EQ(status_of("GET /oauth/callback?state=x&code=y", mark), 400)
            << "TikTok's page sends it there";
    }
    EXPECT_EQ(status_of("GET /v1/users", "Sec-Fetch-Site: same-origin\r\n"), 200);
    EXPECT_EQ(status_of("GET /v1/users", "Origin: http://localhost\r\n"), 200) << "its own page";
    EXPECT_EQ(status_of("GET /v1/users", "Origin: http://localhost:3000\r\n"), 403) << "another server";
}

TEST_F(WireHeads, AuditGWithCallersTheKeyDecidesAndNoMark) {
    const auto got = harness::parse_answer(say(get(
        "/v1/users", "Origin: https://app.example\r\nSec-Fetch-Site: cross-site\r\nConnection: close\r\n")));
    EXPECT_EQ(got.status, 200) << got.raw;
}

class WireSlow : public wire::wire_test {
protected:
    void SetUp() override {
        w.options.settings = "listen: {header_deadline_ms: 400, idle_timeout_ms: 600, connections_max: 40}\n";
        wire_test::SetUp();
    }
};

TEST_F(WireSlow, C17GivesAHeaderOneDeadlineInAll) {
    harness::raw_socket slow(w.gateway().port(), w.heard());
    const auto began = gateway::steady_now();
    std::string answer;
    // Each wait is shorter than the deadline, all of them together are longer.
    for (const char c : get("/v1/users")) {
        if (!slow.send(std::string(1, c))) break;
        answer = slow.receive(gateway::milliseconds{50});
        if (!answer.empty()) break;
    }
    answer += slow.receive_all(closes_within);
    EXPECT_EQ(harness::parse_answer(answer).status, 408) << answer;
    EXPECT_LT(gateway::steady_now() - began, gateway::seconds{4});
}

TEST_F(WireSlow, C20ClosesTheOldestIdleConnectionForANewOne) {
    std::vector<std::unique_ptr<harness::raw_socket>> idle;
    for (int i = 0; i < 80; ++i) {
        idle.push_back(std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard()));
        idle.back()->send(get("/v1/users"));
        const auto got = harness::parse_answer(idle.back()->receive_answer());
        EXPECT_EQ(got.status, 200) << "client " << i << " was not served: " << got.raw;
    }
    EXPECT_TRUE(idle.front()->is_closed_by_peer());
    EXPECT_TRUE(idle.back()->is_closed_by_peer()) << "idle for longer than idle_timeout_ms";
}

} // namespace
