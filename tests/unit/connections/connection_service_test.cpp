#include "unit/connections/login_fixture.hpp"

namespace gateway::testing {

class Desk : public login_fixture {};

TEST_F(Desk, ConnectsAUserFromStartToCallback) {
    const auto started = begin("ann");
    ASSERT_TRUE(started);
    EXPECT_TRUE(
        started->authorize_url.starts_with("https://www.tiktok.com/v2/auth/authorize/?client_key=app-key&"));
    const auto answer = come_back(agree(started->authorize_url));
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(to_hex(sha256(endpoint.last_verifier)), challenge);
    const auto view = show("ann");
    ASSERT_TRUE(view);
    EXPECT_EQ(view->state, connection_state::connected);
    EXPECT_EQ(view->account.text(), "open-1");
    const std::vector<std::string> granted{"user.info.basic", "video.list"};
    EXPECT_EQ(split_list(view->scopes), granted) << "what TikTok granted, not what was asked for";
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_EQ(connections::to_json(*view).find("issued"), std::string::npos);
}

TEST_F(Desk, T20TakesAStateOnceAndForTenMinutes) {
    auto query = agree(begin("ann")->authorize_url);
    EXPECT_EQ(status_of(come_back(query, wall_now() + seconds{601})), 400);
    query = agree(begin("ann")->authorize_url);
    EXPECT_EQ(status_of(come_back(query)), 200);
    EXPECT_EQ(status_of(come_back(query)), 200) << "the same browser is shown again what became of it";
    query.code = "another";
    EXPECT_EQ(status_of(come_back(query)), 400) << "whoever has the link alone is shown nothing";
    EXPECT_EQ(reason, "link_spent");
    EXPECT_EQ(endpoint.requests.size(), 1U) << "a replayed callback asks TikTok nothing";
    EXPECT_EQ((**access("ann")).version, 1U);
    query.state = "somebody-elses";
    EXPECT_EQ(status_of(come_back(query)), 400);
    EXPECT_EQ(status_of(come_back({})), 400);
}

TEST_F(Desk, T20KeepsOnlyTheHashOfAStateAndASealedVerifier) {
    const auto query = agree(begin("ann")->authorize_url);
    const auto kept =
        run_on(loop, records->logins.take(std::string(as_text(sha256(query.state))), wall_now(), soon()));
    ASSERT_TRUE(*kept);
    EXPECT_EQ((**kept).caller.text(), "shop");
    EXPECT_EQ((**kept).user.text(), "ann");
    EXPECT_TRUE(
        (**kept).sealed_verifier.starts_with("\x01\x01"
                                             "a"));
}

TEST_F(Desk, SendsNoChallengeWhenPkceIsOff) {
    all.tiktok.pkce = "off";
    connection_service = service_on(*records, *vault);
    const auto query = agree(begin("ann")->authorize_url);
    EXPECT_EQ(challenge, "");
    EXPECT_EQ(status_of(come_back(query)), 200);
    EXPECT_EQ(endpoint.last_verifier, "");
}

TEST_F(Desk, RefusesScopesAndReturnUrlsThatWereNotAgreed) {
    connections::login_options wish;
    wish.scopes = {"video.list", "research.data"};
    wish.return_url = "https://shop.example.evil.example/app";
    const auto refused = begin("ann", wish);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    ASSERT_EQ(refused.error().details()->fields.size(), 2U);
    EXPECT_EQ(refused.error().details()->fields[0].field, "scopes[1]");
    EXPECT_EQ(refused.error().details()->fields[1].field, "return_url");
    wish = {};
    wish.return_url = "https://gw.example/after";
    EXPECT_TRUE(begin("ann", wish)) << "under public_url";
}

TEST_F(Desk, SendsTheBrowserOnToTheReturnUrl) {
    connections::login_options wish;
    wish.return_url = "https://shop.example/app/done?x=1";
    const auto good = come_back(agree(begin("ann", wish)->authorize_url));
    EXPECT_EQ(std::get<callback_redirect>(good).to,
              "https://shop.example/app/done?x=1&user_id=ann&result=connected");
    auto query = agree(begin("ann", wish)->authorize_url);
    query.code.clear();
    query.error = "access_denied";
    const auto denied = come_back(query);
    EXPECT_EQ(std::get<callback_redirect>(denied).to,
              "https://shop.example/app/done?x=1&user_id=ann&result=refused&reason=declined");
}

TEST_F(Desk, RefusesWhateverDoesNotEndInAWholeGrant) {
    auto query = agree(begin("ann")->authorize_url);
    query.code = "another";
    EXPECT_EQ(status_of(come_back(query)), 400);
    query = agree(begin("ann")->authorize_url);
    query.code.clear();
    EXPECT_EQ(status_of(come_back(query)), 400);
    query = agree(begin("ann")->authorize_url);
    endpoint.next = {mode::lose_after};
    EXPECT_EQ(status_of(come_back(query)), 400);
    query = agree(begin("ann")->authorize_url);
    endpoint.sends_refresh_token = false;
    EXPECT_EQ(status_of(come_back(query)), 400);
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
}

TEST_F(Desk, ReplacesTheGrantOfAUserWhoConnectsAgain) {
    come_back(agree(begin("ann")->authorize_url));
    come_back(agree(begin("ann")->authorize_url));
    EXPECT_EQ(show("ann")->account.text(), "open-1");
    EXPECT_EQ((**access("ann")).version, 2U);
}

TEST_F(Desk, FaultNAUserStaysWithTheFirstAccountUnlessTheLoginLetsItBeReplaced) {
    come_back(agree(begin("ann")->authorize_url));
    endpoint.account = "open-2";
    const auto page = come_back(agree(begin("ann")->authorize_url));
    EXPECT_EQ(status_of(page), 400);
    EXPECT_NE(std::get<callback_page>(page).html.find("another TikTok account"), std::string::npos);
    EXPECT_EQ(reason, "another_account");
    EXPECT_EQ(show("ann")->account.text(), "open-1");
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1") << "nothing has changed";
    ASSERT_TRUE(run_on(loop, connection_service->retry_revocations(soon())));
    EXPECT_EQ(endpoint.revoked, std::set<std::string>{"act.issued2"}) << "the grant that nobody wants";

    connections::login_options wish;
    wish.return_url = "https://shop.example/app/done?x=1";
    const auto onward = come_back(agree(begin("ann", wish)->authorize_url));
    EXPECT_EQ(std::get<callback_redirect>(onward).to,
              "https://shop.example/app/done?x=1&user_id=ann&result=refused&reason=another_account");
    EXPECT_EQ(show("ann")->account.text(), "open-1");

    wish.replace_account = true;
    const auto replaced = come_back(agree(begin("ann", wish)->authorize_url));
    EXPECT_EQ(std::get<callback_redirect>(replaced).to,
              "https://shop.example/app/done?x=1&user_id=ann&result=connected");
    EXPECT_EQ(reason, "");
    EXPECT_EQ(show("ann")->account.text(), "open-2");
}

TEST_F(Desk, FaultNAnEndedConnectionIsStillToItsAccount) {
    come_back(agree(begin("ann")->authorize_url));
    const auto id = user_id::trusted("ann");
    const auto in_state = [&](connection_state now_is) {
        const auto version = (*run_on(loop, vault->load_again(id, soon())))->version;
        const auto changed =
            now_is == connection_state::revoked
                ? revoke_all("open-1")
                : run_on(loop, vault->set_state(id, version, now_is, "a cause", wall_now(), soon()));
        EXPECT_TRUE(changed && *changed);
    };
    for (const auto state : {connection_state::refresh_in_doubt, connection_state::reconnect_required,
                             connection_state::revoked}) {
        in_state(state);
        endpoint.account = "open-2";
        EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 400) << name_of(state);
        EXPECT_EQ(show("ann")->state, state);
        EXPECT_EQ(show("ann")->account.text(), "open-1") << name_of(state);
        endpoint.account = "open-1";
        EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 200) << name_of(state);
        EXPECT_EQ(show("ann")->state, connection_state::connected) << name_of(state);
    }
    disconnect("ann"); // disconnected, so any account may be connected
    endpoint.account = "open-2";
    EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 200);
}

TEST_F(Desk, FaultNTakesNothingBackFromAnotherUserOfTheAccount) {
    come_back(agree(begin("ann")->authorize_url));
    endpoint.account = "open-2";
    come_back(agree(begin("bob")->authorize_url));
    EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 400);
    EXPECT_TRUE(endpoint.revoked.empty()) << "a revoke would end bob's access too";
    EXPECT_EQ(show("ann")->account.text(), "open-1");
    EXPECT_EQ(show("bob")->state, connection_state::connected);
}

TEST_F(Desk, FaultNRefusesAlsoWhereTheGrantCannotBeTakenBack) {
    come_back(agree(begin("ann")->authorize_url));
    endpoint.account = "open-2";
    endpoint.next = {mode::answer, mode::unreachable, mode::unreachable, mode::unreachable,
                     mode::unreachable};
    EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 400);
    EXPECT_EQ(reason, "another_account");
    EXPECT_EQ(show("ann")->account.text(), "open-1");
}

TEST_F(Desk, ImportsTokensAndListsThoseOfTheCaller) {
    for (const std::string name : {"shop.b", "shop.a", "other"}) {
        const std::string body =
            R"({"access_token":"act.own","expires_in":7200,"refresh_token":"rft.)" + name
            + R"(","refresh_expires_in":15552000,"open_id":"open-9","scope":"user.info.basic,video.list"})";
        ASSERT_TRUE(run_on(
            loop, connection_service->import_tokens(user_id::trusted(name), body, wall_now(), soon())));
    }
    by.users = {"shop.*"};
    const auto first = run_on(loop, connection_service->list(by, "", 1, soon()));
    ASSERT_EQ(first->rows.size(), 1U);
    EXPECT_EQ(first->rows[0].user.text(), "shop.a");
    const auto second = run_on(loop, connection_service->list(by, first->next, 1, soon()));
    EXPECT_EQ(second->rows.at(0).user.text(), "shop.b");
    EXPECT_EQ(second->next, "");
    EXPECT_EQ(run_on(loop, connection_service->of_account(by, open_id::trusted("open-9"), soon()))->size(),
              2U);
    EXPECT_EQ((**access("other")).access_token.reveal(), "act.own");
    EXPECT_FALSE(
        run_on(loop, connection_service->import_tokens(user_id::trusted("x"), "{}", wall_now(), soon())));
}

TEST_F(Desk, RevokesAtTikTokAndForgets) {
    come_back(agree(begin("ann")->authorize_url));
    const auto gone =
        run_on(loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon()));
    ASSERT_TRUE(gone);
    EXPECT_TRUE(gone->revoked_at_tiktok);
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1"));
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(access("ann").error().code(), errc::user_not_connected);
    EXPECT_FALSE(run_on(loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon())));
}

using asked = std::vector<std::string>;

TEST_F(Desk, T17RevokesAnIdleUserWhoseAccessTokenHasEnded) {
    grant_with("ann", -seconds{86'400});
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.requests, (asked{"refresh_token", "revoke"}));
    EXPECT_TRUE(endpoint.revoked.contains("act.issued1")) << "the new token, not the dead one";
}

TEST_F(Desk, T17ARevocationWaitsAsLongAsThePairThatWasRefreshedForItLives) {
    grant_with("ann", seconds{3'600});
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_request"})"; // TikTok does not take the access token
    endpoint.next = {mode::text, mode::answer};
    endpoint.next.insert(endpoint.next.end(), 4, mode::unreachable);
    EXPECT_FALSE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.requests.at(1), "refresh_token");
    const auto half_a_year_on = unix_ms(wall_now() + seconds{15'552'000 - 60});
    EXPECT_EQ(rows_of("revocations", "expires_at > " + std::to_string(half_a_year_on)), 1U);
}

TEST_F(Desk, ForgetsAlsoWhenThereIsNothingToRevokeWith) {
    grant_with("ann", -seconds{86'400});
    endpoint.good_refresh_tokens.clear();
    EXPECT_FALSE(disconnect("ann").revoked_at_tiktok);
    grant_with("bob", -seconds{86'400});
    endpoint.next = {mode::lose_before, mode::lose_before};
    EXPECT_FALSE(disconnect("bob").revoked_at_tiktok);
    grant_with("eve", -seconds{400 * 86'400});
    EXPECT_FALSE(disconnect("eve").revoked_at_tiktok) << "the refresh token has ended too";
    EXPECT_EQ(endpoint.requests, (asked{"refresh_token", "refresh_token", "refresh_token"}));
}

TEST_F(Desk, AsksAgainForARevocationThatTikTokCouldNotDo) {
    grant_with("ann", seconds{3'600});
    endpoint.status = 429;
    endpoint.next = {mode::unreachable, mode::text, mode::lose_after};
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.requests, asked(4, "revoke"));
}

TEST_F(Desk, ForgetsAlsoWhenTikTokCannotBeReached) {
    grant_with("ann", seconds{3'600});
    endpoint.next = {mode::unreachable, mode::unreachable, mode::unreachable, mode::unreachable};
    EXPECT_FALSE(disconnect("ann").revoked_at_tiktok);
    EXPECT_EQ(endpoint.requests, asked(4, "revoke"));
}

TEST_F(Desk, TakesTikToksRefusalOfBothTokensForAnAnswer) {
    grant_with("ann", seconds{3'600});
    endpoint.good_refresh_tokens.clear();
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_request"})";
    endpoint.next = {mode::text};
    EXPECT_EQ(disconnect("ann").reason, "already_ended");
    EXPECT_EQ(endpoint.requests, (std::vector<std::string>{"revoke", "refresh_token"}));
}

TEST_F(Desk, T22LeavesTheOtherUserOfTheSameAccountAlone) {
    come_back(agree(begin("ann")->authorize_url));
    come_back(agree(begin("bob")->authorize_url));
    const auto first =
        run_on(loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon()));
    EXPECT_FALSE(first->revoked_at_tiktok);
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_TRUE(access("bob"));
    const auto last =
        run_on(loop, connection_service->disconnect(user_id::trusted("bob"), wall_now(), soon()));
    EXPECT_TRUE(last->revoked_at_tiktok);
}

TEST_F(Desk, T19MakesAConnectionRevokedOnTikToksWordLateOrTwice) {
    come_back(agree(begin("ann")->authorize_url));
    EXPECT_EQ(removed("open-1", wall_now() - seconds{60}), 0U) << "from before this grant";
    const auto connected_at = show("ann")->connected_at;
    EXPECT_EQ(removed("open-1", std::chrono::floor<seconds>(connected_at - milliseconds{1})), 0U)
        << "from the same second, or the one before: nobody can tell";
    EXPECT_EQ(show("ann")->state, connection_state::connected);
    EXPECT_EQ(removed("open-1", std::chrono::ceil<seconds>(connected_at)), 1U);
    EXPECT_EQ(removed("open-1", wall_now() + seconds{1}), 0U);
    EXPECT_EQ(removed("open-7", wall_now()), 0U);
    EXPECT_EQ(show("ann")->state, connection_state::revoked);
    EXPECT_EQ(show("ann")->cause, "user_disconnected");
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    come_back(agree(begin("ann")->authorize_url));
    EXPECT_EQ(show("ann")->state, connection_state::connected);
}

} // namespace gateway::testing
