// What a DELETE ends besides a connection: a login that waits for its confirmation (docs/contract.md §6).
#include "flow/login_test.hpp"

#include <string>

using testing::HasSubstr;

namespace {

class Ending : public login_test {
protected:
    Ending() { allow_return_urls(); }

    const boost::json::object with_confirmation{{"return_url", "https://app.example.com/tiktok/done"},
                                                {"confirm", true}};
};

TEST_F(Ending, AuditEADeleteOfAUserWhoseLoginWaitsRevokesItsGrant) {
    const auto landed = land(callback_of("u", with_confirmation));
    const auto to = landed.header("location");
    ASSERT_THAT(to, HasSubstr("&confirmation="));
    const auto begun = callback_of("u", with_confirmation, "simulate=allow&account=bob");
    ASSERT_EQ(valid_tokens_of("alice", "refresh_tokens"), 1U);

    const auto gone = w.api().del("/v1/users/u");
    EXPECT_EQ(gone.code(), "user_not_connected") << gone.raw;
    EXPECT_EQ(gone.status, 404);
    const boost::json::object body{{"confirmation", to.substr(to.find("&confirmation=") + 14)}};
    EXPECT_EQ(w.api().post(path_of("u", "/connect/confirm"), body).code(), "invalid_input");
    EXPECT_EQ(land(begun).status, 400) << "the login was begun before";
    EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");
    const auto end = gateway::steady_now() + gateway::seconds{60};
    while (valid_tokens_of("alice", "refresh_tokens") > 0 && gateway::steady_now() < end)
        w.admin().get("/healthz"); // each poll is a round trip
    EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U) << "long before its ten minutes are over";
    EXPECT_EQ(valid_tokens_of("bob", "refresh_tokens"), 0U);
}

} // namespace
