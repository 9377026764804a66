// Calls with unknown keys are limited per address; calls with a valid key are not.
#include "base/digest.hpp"
#include "harness/flow_test.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <sstream>

namespace {

using gateway::seconds;
using testing::HasSubstr;

class UnknownKeys : public harness::flow_test {
protected:
    void limit_of(int calls) {
        w.options.settings = "limits: {unknown_keys_per_minute: " + std::to_string(calls) + "}\n";
    }
    harness::answer with_key(const std::string& key) {
        return w.stranger().get("/v1/users", {{"Authorization", "Bearer " + key}});
    }
    std::size_t lines_with(const std::string& text) {
        std::istringstream lines(w.gateway().process().output());
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);)
            if (line.find(text) != std::string::npos) ++count;
        return count;
    }
};

TEST_F(UnknownKeys, FaultABBeyondTheLimitTheyHear429AndARightKeyIsServed) {
    limit_of(5);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(with_key("wrong-" + std::to_string(i)).status, 401) << i;
    for (int i = 0; i < 20; ++i) {
        const auto slowed = with_key("wrong-again-" + std::to_string(i));
        EXPECT_EQ(slowed.status, 429) << slowed.raw;
        EXPECT_EQ(slowed.code(), "rate_limited");
        EXPECT_EQ(slowed.text_at("problem.limit_scope"), "address");
        EXPECT_FALSE(slowed.header("retry-after").empty());
        EXPECT_TRUE(slowed.at("problem.retry_after_ms").is_int64());
        EXPECT_EQ(w.api().get("/v1/users").status, 200) << "a right key from the same address";
    }
    EXPECT_EQ(w.stranger().get("/v1/users").status, 429) << "no key at all counts alike";
    EXPECT_EQ(w.stranger().get("/openapi.yaml").status, 200) << "a door that asks no key";
    EXPECT_THAT(
        w.admin().get("/metrics").body,
        HasSubstr("tiktok_gateway_rate_limited_total{limit_scope=\"address\",endpoint=\"none\"} 21\n"));
}

TEST_F(UnknownKeys, AuditHAShortKeyIsUnknownWhateverItsHashAndCountsAsOne) {
    limit_of(3);
    w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
        "[{name: a, key_sha256: " + gateway::to_hex(gateway::sha256("a"))
        + "}, {name: b, key_sha256: " + gateway::to_hex(gateway::sha256(std::string(31, 'b')))
        + "}, {name: c, key_sha256: " + gateway::to_hex(gateway::sha256(std::string(32, 'c'))) + "}]";
    EXPECT_EQ(with_key("a").status, 401);
    EXPECT_EQ(with_key(std::string(31, 'b')).status, 401);
    EXPECT_EQ(with_key("a").status, 401);
    EXPECT_EQ(with_key("a").status, 429);
    EXPECT_EQ(with_key(std::string(32, 'c')).status, 200);
}

TEST_F(UnknownKeys, FaultABTheDefaultIsSixtyAMinute) {
    int refused = 0;
    while (refused < 100 && with_key("wrong").status == 401)
        ++refused;
    EXPECT_EQ(refused, 60);
}

TEST_F(UnknownKeys, FaultABTheirLinesAreCountedAndNotWritten) {
    limit_of(20);
    for (int i = 0; i < 300; ++i)
        with_key("wrong");
    EXPECT_TRUE(w.gateway().process().says("\"event\":\"unknown_keys\"")) << "it is told how many there were";
    EXPECT_LE(lines_with("\"status\":401"), 20U);
    EXPECT_EQ(lines_with("\"status\":429"), 0U);
    EXPECT_EQ(lines_with("\"event\":\"unknown_keys\""), 1U);
}

TEST_F(UnknownKeys, FaultABSighupChangesTheLimit) {
    limit_of(1);
    EXPECT_EQ(with_key("wrong").status, 401);
    EXPECT_EQ(with_key("wrong").status, 429);
    w.folder().write("gateway.yaml", "limits: {unknown_keys_per_minute: 3}\n");
    w.gateway().process().signal(SIGHUP);
    EXPECT_TRUE(w.gateway().process().says("\"event\":\"settings_reloaded\""));
    EXPECT_EQ(with_key("wrong").status, 401);
}

} // namespace
