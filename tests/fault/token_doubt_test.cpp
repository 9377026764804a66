// TikTok's token endpoint is in trouble for seconds: whoever needs a new token hears that it passes, and
// when, and never that a new login is the cure; when TikTok is well, so is everybody (docs/contract.md §5,
// "Reads").
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"

#include <memory>
#include <string>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr const char* token_path = "/v2/oauth/token/";
constexpr seconds trouble_lasts{3};

struct trouble {
    const char* name;
    boost::json::object what;
};

const std::vector<trouble> troubles{
    {"reset before the answer", {{"apply", false}, {"reset_before_answer", true}}},
    {"reset in the answer", {{"apply", false}, {"status", 200}, {"body", "{}"}, {"reset_at_byte", 20}}},
    {"reset in the request", {{"reset_after_request_bytes", 10}}},
    {"closed in the answer", {{"apply", false}, {"status", 200}, {"body", "{}"}, {"truncate_at_byte", 20}}},
    {"500", {{"apply", false}, {"status", 500}}},
    {"503 with a page", {{"apply", false}, {"status", 503}, {"body", "<html>no</html>"}}},
    {"429", {{"apply", false}, {"status", 429}, {"headers", {{"Retry-After", "1"}}}}},
    {"server_error", {{"apply", false}, {"status", 200}, {"body", {{"error", "server_error"}}}}},
    {"an empty answer", {{"apply", false}, {"status", 200}, {"body", ""}}},
    {"garbage", {{"apply", false}, {"raw", "\x01\x02\x03 no HTTP at all\r\n\r\n"}}},
    {"an answer that is no pair", {{"apply", false}, {"status", 200}, {"body", {{"hello", 1}}}}},
    {"a firewall's page", {{"apply", false}, {"status", 403}, {"body", "<html>no</html>"}}},
    {"no answer", {{"apply", false}, {"hang", true}}},
};

class TokenDoubt : public action_test {
protected:
    TokenDoubt() { w.simulator_settings = wide_tiktok; }

    void use_postgresql() {
        server = std::make_unique<harness::postgresql_server>();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server->url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    void end_access_tokens() {
        w.tiktok().control().post("/tokens/expire",
                                  boost::json::object{{"account", "alice"}, {"kind", "access"}});
    }
    std::string state_of(const std::string& user) {
        return w.api().get("/v1/users/" + user).text_at("data.state");
    }
    void expect_trouble_that_passes(const harness::answer& got) {
        EXPECT_TRUE(got.status == 502 || got.status == 503 || got.status == 504) << got.raw;
        EXPECT_TRUE(got.at("problem.retryable") == boost::json::value(true)) << got.raw;
        EXPECT_NE(got.code(), "reconnect_required");
    }
    /// Every way that asks for the user's token.
    std::vector<harness::answer> ask_all(const std::string& user) {
        const harness::fields soon{{"X-Request-Timeout", "1"}};
        std::vector<harness::answer> out{w.api().get(path_of(user, "/info"), soon),
                                         w.api().get(path_of(user, "/videos"), soon),
                                         w.api().get(path_of(user, "/creator"), soon)};
        const auto batch =
            w.api().post(path_of(user, "/videos/batch"),
                         {{"files_to_upload", {{{"name", "a.mp4"}, {"file_id", stage(mp4(40))}}}}}, soon);
        EXPECT_EQ(batch.body.find("reconnect_required"), std::string::npos) << batch.raw;
        return out;
    }
    void expect_no_verdict_in(const trouble& one) {
        SCOPED_TRACE(one.name);
        const auto user = another_user();
        EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
        w.tiktok().add_fault({{"match", {{"path", token_path}}}, {"times", -1}, {"do", one.what}});
        end_access_tokens();
        milliseconds told{0};
        const auto end = steady_now() + trouble_lasts;
        do {
            for (const auto& got : ask_all(user)) {
                expect_trouble_that_passes(got);
                const auto wait = got.at("problem.retry_after_ms");
                told = wait.is_int64() ? milliseconds{wait.as_int64()} : milliseconds{0};
            }
            const auto state = state_of(user);
            EXPECT_TRUE(state == "connected" || state == "refresh_in_doubt") << state;
        } while (steady_now() < end);
        w.tiktok().clear_faults();
        const auto healed_by = steady_now() + told + seconds{20}; // one request may still hang
        auto got = w.api().get(path_of(user, "/info"));
        while (got.status != 200 && steady_now() < healed_by) {
            expect_trouble_that_passes(got);
            got = w.api().get(path_of(user, "/info"));
        }
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(state_of(user), "connected");
    }

    std::unique_ptr<harness::postgresql_server> server;
};

TEST_F(TokenDoubt, T15DeathBTroubleOfTheTokenEndpointIsNoVerdictOnSqlite) {
    for (const auto& one : troubles)
        expect_no_verdict_in(one);
}

TEST_F(TokenDoubt, T15DeathBTroubleOfTheTokenEndpointIsNoVerdictOnPostgresql) {
    use_postgresql();
    for (const auto& one : troubles)
        expect_no_verdict_in(one);
}

} // namespace
