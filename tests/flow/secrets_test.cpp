// Checks for secrets beyond the search at the end of every flow test; and that this search finds secrets that
// only the simulator has or that are only on disk (docs/promises.md G03).
#include "base/digest.hpp"
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Secrets : public action_test {
protected:
    void log_in(const std::string& user) {
        const auto begun = w.api().post("/v1/users/" + user + "/connect", boost::json::object{});
        const auto url = begun.text_at("data.authorize_url");
        ASSERT_THAT(url, HasSubstr("/v2/auth/authorize/")) << begun.raw;
        state = url.substr(url.find("&state=") + 7, 43);
        const auto page = w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&simulate=allow");
        const auto to = page.header("location");
        ASSERT_THAT(to, HasSubstr("/oauth/callback?")) << page.raw;
        EXPECT_EQ(w.stranger().get(to.substr(to.find("/oauth/callback?"))).status, 200);
    }
    std::string state; // of the last login
    /// The simulator's only secret of this kind.
    std::string only(const char* kind) {
        const auto got = w.tiktok().control().get("/history/secrets");
        return got.text_at(std::string(kind) + ".0");
    }
    std::string of_process(const char* file) {
        std::stringstream all;
        all << std::ifstream("/proc/" + std::to_string(w.gateway().process().pid()) + "/" + file).rdbuf();
        return all.str();
    }
};

TEST_F(Secrets, G03TheSearchKnowsTheVerifierAndTheCodeOfALogin) {
    log_in("user-77");
    EXPECT_THAT(w.secrets_in("nothing here"), IsEmpty());
    for (const char* kind : {"verifiers", "codes", "access_tokens", "refresh_tokens"}) {
        const auto planted = only(kind);
        ASSERT_GE(planted.size(), 43U) << kind;
        EXPECT_THAT(w.secrets_in("x" + planted + "y"), Not(IsEmpty())) << kind;
        EXPECT_THAT(w.secrets_in(gateway::to_base64("x" + planted)), Not(IsEmpty())) << kind;
        EXPECT_THAT(w.secrets_in(gateway::to_hex(planted)), Not(IsEmpty())) << kind;
    }
}

TEST_F(Secrets, G03TheSearchLooksThroughTheFilesOfTheGateway) {
    log_in("user-77");
    EXPECT_TRUE(std::filesystem::exists(w.folder().path() / "gateway.db"));
    EXPECT_THAT(w.secrets_seen(), IsEmpty());
    for (const auto& secret : {only("verifiers"), w.caller_key(), state}) {
        const auto file = w.folder().write("gateway.db-journal", "page " + secret);
        EXPECT_THAT(w.secrets_seen(), Not(IsEmpty())) << secret;
        std::filesystem::remove(file);
    }
}

TEST_F(Secrets, G03TheProcessListShowsNone) {
    log_in("user-77");
    const auto command = of_process("cmdline");
    EXPECT_THAT(command, HasSubstr("gateway.yaml"));
    EXPECT_THAT(w.secrets_in(command), IsEmpty());
}

TEST_F(Secrets, G03ACrashInTheMiddleOfACallTellsNone) {
    log_in("user-77");
    const std::string endpoint = "/v2/user/info/";
    const auto asked_by_the_login = calls_of(endpoint);
    w.tiktok().add_fault({{"match", {{"path", endpoint}}}, {"do", {{"hang", true}}}});
    auto call =
        std::async(std::launch::async, [client = w.api()] { return client.get("/v1/users/user-77/info"); });
    const auto until = gateway::steady_now() + gateway::seconds{10};
    while (calls_of(endpoint) == asked_by_the_login && gateway::steady_now() < until) {
    } // each poll is a round trip
    ASSERT_GT(calls_of(endpoint), asked_by_the_login);
    auto& process = w.gateway().process();
    process.signal(SIGABRT);
    EXPECT_EQ(process.wait(gateway::seconds{10}), 128 + SIGABRT);
    EXPECT_EQ(call.get().status, 0);
    EXPECT_THAT(w.secrets_in(process.output_at_end() + process.errors_at_end()), IsEmpty());
}

} // namespace
