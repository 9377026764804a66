// A replica whose clock is not TikTok's: whether a removal there came before a grant or after it is judged by
// TikTok's clock, which its answer tells (docs/contract.md §6; docs/promises.md T19).
#include "http/writers.hpp"
#include "unit/connections/login_fixture.hpp"

#include <chrono>

namespace gateway::testing {

class Clocks : public login_fixture {
protected:
    /// TikTok's clock says `now`, in whole seconds, when it answers.
    void tiktok_says(wall_time now) { endpoint.date = http::http_date(now); }
    callback_query begun(bool confirm = false) {
        connections::login_options wish;
        wish.confirm = confirm;
        if (confirm) wish.return_url = "https://shop.example/app/done";
        return agree(begin("ann", wish)->authorize_url);
    }
    std::string confirmation_of_a_login() {
        const auto to = go_to(come_back(begun(true)));
        const auto at = to.find("confirmation=");
        return at == std::string::npos ? "none in " + to : to.substr(at + 13);
    }
    bool confirm(const std::string& confirmation) {
        return run_on(loop, connection_service->confirm(by, user_id::trusted("ann"), confirmation, wall_now(),
                                                        soon()))
            .has_value();
    }
    /// Of tokens whose access token has ended, so that only a refresh can tell whose they are.
    bool import(const std::string& number, const std::string& account) {
        std::string body = R"({"access_token":"act.)" + number + R"(","expires_in":0,"refresh_token":"rft.)"
                           + number + R"(","refresh_expires_in":15552000,"open_id":")" + account
                           + R"(","scope":"user.info.basic"})";
        return run_on(loop, connection_service->import_tokens(user_id::trusted("ann"), std::move(body),
                                                              wall_now(), soon()))
            .has_value();
    }
    /// What TikTok's clock may be ahead of ours, in whole seconds.
    static constexpr seconds skews[] = {seconds{240}, seconds{10}, seconds{-240}};
    static wall_time tiktoks_now(seconds skew) { return std::chrono::floor<seconds>(wall_now()) + skew; }
};

TEST_F(Clocks, T19AuditEALateEventAboutTheGrantBeforeEndsNoNewerOneAndALaterOneDoes) {
    for (const auto skew : skews) {
        SCOPED_TRACE(skew.count());
        const auto first = tiktoks_now(skew), left = first + seconds{2}, second = first + seconds{5};
        tiktok_says(first);
        ASSERT_EQ(status_of(come_back(begun())), 200);
        disconnect("ann");
        tiktok_says(second);
        ASSERT_EQ(status_of(come_back(begun())), 200);
        EXPECT_FALSE((**access("ann")).age_since_refresh(wall_now())) << "a login's pair, whatever its clock";
        EXPECT_EQ(removed("open-1", left), 0U);
        EXPECT_EQ(removed("open-1", second), 0U) << "within the same second nobody can tell";
        EXPECT_EQ(show("ann")->state, connection_state::connected);
        EXPECT_TRUE(access("ann"));
        EXPECT_EQ(removed("open-1", second + seconds{1}), 1U);
        EXPECT_EQ(show("ann")->state, connection_state::revoked);
        disconnect("ann");
    }
}

TEST_F(Clocks, T19AuditEAGrantThatWaitsIsAsOldAsTikTokSaysAlsoOnceItIsConfirmed) {
    for (const auto skew : skews) {
        SCOPED_TRACE(skew.count());
        const auto given = tiktoks_now(skew);
        tiktok_says(given);
        const auto waits = confirmation_of_a_login();
        removed("open-1", given - seconds{3});
        ASSERT_TRUE(confirm(waits)) << "also within its ten minutes by our clock";
        EXPECT_EQ(unix_ms(show("ann")->connected_at), unix_ms(given + milliseconds{999}));
        EXPECT_FALSE((**access("ann")).age_since_refresh(wall_now()));
        EXPECT_EQ(removed("open-1", given), 0U);
        EXPECT_EQ(removed("open-1", given + seconds{1}), 1U);
        const auto left = confirmation_of_a_login();
        removed("open-1", given + seconds{1});
        EXPECT_FALSE(confirm(left));
        disconnect("ann");
    }
}

TEST_F(Clocks, T19AuditEThePairOfAnImportIsAsOldAsTikTokSays) {
    int number = 0;
    for (const auto skew : skews) {
        SCOPED_TRACE(skew.count());
        const auto given = tiktoks_now(skew);
        tiktok_says(given);
        const auto kept = std::to_string(++number), gone = std::to_string(++number);
        endpoint.good_refresh_tokens.insert({"rft." + kept, "rft." + gone});
        ASSERT_FALSE(import(kept, "open-2")) << "the wrong account, so its pair is kept";
        removed("open-1", given - seconds{3});
        const auto asked = requests();
        ASSERT_TRUE(import(kept, "open-1"));
        EXPECT_EQ(requests(), asked) << "from the kept pair";
        EXPECT_EQ(unix_ms(show("ann")->connected_at), unix_ms(given + milliseconds{999}));
        EXPECT_NEAR(static_cast<double>(unix_ms(show("ann")->access_expires_at)),
                    static_cast<double>(unix_ms(wall_now() + seconds{7200})), 60'000)
            << "by our clock";
        EXPECT_EQ(removed("open-1", given + seconds{1}), 1U);
        ASSERT_FALSE(import(gone, "open-2"));
        removed("open-1", given + seconds{1});
        EXPECT_FALSE(import(gone, "open-1")) << "its kept pair is gone, and the refresh token is used up";
        disconnect("ann");
    }
}

TEST_F(Clocks, T19AuditEADateThatCannotBeTrueIsNotBelieved) {
    for (const std::string& date : {http::http_date(wall_now() + seconds{700}),
                                    http::http_date(wall_now() - seconds{700}), std::string("yesterday")}) {
        SCOPED_TRACE(date);
        endpoint.date = date;
        const auto before = wall_now();
        ASSERT_EQ(status_of(come_back(begun())), 200);
        EXPECT_GE(show("ann")->connected_at, before);
        EXPECT_LE(show("ann")->connected_at, wall_now());
        disconnect("ann");
    }
}

} // namespace gateway::testing
