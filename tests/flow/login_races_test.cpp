// A DELETE of a user while their login is being finished or confirmed: whichever the store sees first, the
// user is not connected in the end (docs/contract.md §6).
#include "flow/login_test.hpp"
#include "harness/postgresql_server.hpp"

#include <future>
#include <string>

using testing::HasSubstr;

namespace {

class LoginRaces : public login_test {
protected:
    void SetUp() override {
        allow_return_urls();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    /// The user's DELETE runs, holds the user's lock in the store, and ends only once something else waits
    /// for that lock, which must be what this test does next: if nothing does, expect_gone() throws.
    std::future<harness::answer> begin_delete(const std::string& user) {
        constexpr gateway::milliseconds patience{20'000};
        holder = std::async(std::launch::async, [this] {
            // A DELETE deletes kept pairs before it ends logins and waiting grants.
            server.run("gateway",
                       "BEGIN; LOCK TABLE kept_tokens IN SHARE MODE; DO $$ BEGIN FOR look IN 1..1500 LOOP "
                       "IF EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) "
                       "THEN RETURN; END IF; PERFORM pg_sleep(0.01); END LOOP; "
                       "RAISE EXCEPTION 'nothing waited for the lock of the user'; END $$; COMMIT");
        });
        EXPECT_TRUE(server.comes_true("gateway", table_lock("granted AND mode = 'ShareLock'"), patience));
        auto deleted = std::async(std::launch::async,
                                  [client = w.api(), user] { return client.del("/v1/users/" + user); });
        EXPECT_TRUE(server.comes_true("gateway", table_lock("NOT granted"), patience));
        return deleted;
    }
    void expect_gone(std::future<harness::answer> deleted, const std::string& user) {
        holder.get();
        const auto end = deleted.get();
        EXPECT_EQ(end.status, 200) << end.raw;
        EXPECT_EQ(w.api().get("/v1/users/" + user).code(), "user_not_connected");
        const auto left = [this](const char* table) {
            return server.run("gateway", "SELECT count(*) FROM " + std::string(table));
        };
        EXPECT_EQ(left("connections"), "0");
        EXPECT_TRUE(server.comes_true("gateway",
                                      "NOT EXISTS (SELECT 1 FROM pending_grants) AND NOT EXISTS "
                                      "(SELECT 1 FROM revocations)",
                                      gateway::milliseconds{30'000}));
        EXPECT_EQ(valid_tokens_of("alice", "refresh_tokens"), 0U) << "what TikTok has given is revoked";
    }
    boost::json::object with_page(bool confirm) const {
        return {{"return_url", "https://app.example.com/tiktok/done"}, {"confirm", confirm}};
    }

    harness::postgresql_server server;

private:
    static std::string table_lock(const std::string& how) {
        return "EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'kept_tokens'::regclass AND " + how + ")";
    }
    std::future<void> holder;
};

TEST_F(LoginRaces, AuditAADeleteAndAConfirmationAtTheSameTimeLeaveNoConnection) {
    EXPECT_THAT(land(callback_of("u", with_page(false))).header("location"), HasSubstr("result=connected"));
    const auto to = land(callback_of("u", with_page(true))).header("location");
    ASSERT_THAT(to, HasSubstr("&confirmation="));
    const boost::json::object body{{"confirmation", to.substr(to.find("&confirmation=") + 14)}};
    auto deleted = begin_delete("u");
    const auto refused = w.api().post(path_of("u", "/connect/confirm"), body);
    EXPECT_EQ(refused.status, 422) << refused.raw;
    EXPECT_TRUE(refused.text_at("error").starts_with("This confirmation cannot be used, "));
    expect_gone(std::move(deleted), "u");
}

TEST_F(LoginRaces, AuditEADeleteAndACallbackAtTheSameTimeLeaveNoConnection) {
    EXPECT_THAT(land(callback_of("u", with_page(false))).header("location"), HasSubstr("result=connected"));
    const auto callback = callback_of("u", with_page(false));
    auto deleted = begin_delete("u");
    EXPECT_EQ(land(callback).header("location"),
              "https://app.example.com/tiktok/done?user_id=u&result=refused&reason=link_spent");
    expect_gone(std::move(deleted), "u");
}

} // namespace
