// TikTok is asked for the caller whose import, login or disconnect it is, so that one caller's requests take
// its own share of the connections (docs/promises.md L09), whatever deadlines they have.
#include "unit/connections/accounts_fixture.hpp"
#include "unit/connections/login_fixture.hpp"

namespace gateway::testing {

using sharers = std::vector<sharer>;

class AskedByAccounts : public accounts_fixture {
protected:
    shutdown_cutoff never;
    waiting_party shop{never, sharer_of("shop")};
};

TEST_F(AskedByAccounts, L09AuditITheTokensOfAnImportAreProvenForItsCaller) {
    endpoint.good_refresh_tokens.insert("rft.1");
    endpoint.next = {mode::lose_before}; // so that it is sent twice
    std::string given = R"({"access_token":"act.1","expires_in":0,"refresh_token":"rft.1",)"
                        R"("refresh_expires_in":15552000,"open_id":"open-1","scope":"video.list"})";
    const auto imported =
        run_on(loop, connection_service->import_tokens(user_id::trusted("ann"), std::move(given), wall_now(),
                                                       soon().of_party(shop)));
    ASSERT_TRUE(imported) << imported.error().message();
    EXPECT_EQ(endpoint.asked_by, (sharers{shop.who(), shop.who()}));
}

TEST_F(AskedByAccounts, L09AuditIADisconnectIsRefreshedAndRevokedForItsCallerAndLaterOnForTheGateway) {
    connect("ann", "open-1", seconds{0}); // needs a refresh first
    connect("bob", "open-2");
    ASSERT_TRUE(run_on(
        loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon().of_party(shop))));
    EXPECT_EQ(endpoint.asked_by, (sharers{shop.who(), shop.who()}));
    endpoint.asked_by.clear();
    endpoint.next.assign(4, mode::no_connection);
    ASSERT_TRUE(run_on(
        loop, connection_service->disconnect(user_id::trusted("bob"), wall_now(), in(1'500).of_party(shop))));
    EXPECT_EQ(endpoint.asked_by.front(), shop.who());
    endpoint.asked_by.clear();
    endpoint.next.clear();
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(endpoint.asked_by, sharers{sharer::gateway});
}

class AskedByLogin : public login_fixture {};

TEST_F(AskedByLogin, L09AuditIACodeIsExchangedForTheCallerWhoBeganTheLogin) {
    shutdown_cutoff never;
    const waiting_party nobody{never, sharer_of("")}; // a browser has no key
    auto query = agree(begin("ann")->authorize_url);
    run_on(loop, connection_service->callback(std::move(query), wall_now(), soon().of_party(nobody)));
    ASSERT_TRUE(show("ann"));
    EXPECT_EQ(endpoint.asked_by, sharers{sharer_of("shop")});
}

} // namespace gateway::testing
