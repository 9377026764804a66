// Logins that are bound to whoever began them: the caller as it is at the callback, and the confirmation of
// the browser that came back (docs/contract.md §6; docs/promises.md T20).
#include "unit/connections/login_fixture.hpp"

namespace gateway::testing {

namespace {

const std::string back = "https://shop.example/app/done";

connections::login_options waiting() {
    connections::login_options wish;
    wish.return_url = back;
    wish.confirm = true;
    return wish;
}

} // namespace

class Confirmation : public login_fixture {
protected:
    /// The confirmation with which a login of this user came back.
    std::string log_in(const std::string& name, connections::login_options wish = waiting(),
                       wall_time now = wall_now()) {
        const auto to = go_to(come_back(agree(begin(name, std::move(wish), now)->authorize_url), now));
        const auto sent = http::query::parse(to.substr(to.find('?') + 1));
        EXPECT_EQ(*sent->find("user_id"), name);
        EXPECT_EQ(*sent->find("result"), "pending") << to;
        const auto* given = sent->find("confirmation");
        return given ? *given : "";
    }
    result<store::connection_summary> confirm(const std::string& name, const std::string& confirmation,
                                              wall_time now = wall_now()) {
        return run_on(loop,
                      connection_service->confirm(by, user_id::trusted(name), confirmation, now, soon()));
    }
    void expect_unusable(const result<store::connection_summary>& got) {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), errc::invalid_input);
        EXPECT_TRUE(got.error().message().starts_with("This confirmation cannot be used, "));
        ASSERT_EQ(got.error().details()->fields.size(), 1U);
        reasons.insert(got.error().details()->fields[0].reason);
        EXPECT_EQ(reasons.size(), 1U) << "all alike";
    }
    std::size_t sweep(wall_time now) {
        return *run_on(loop, connection_service->sweep_unfinished(now, soon()));
    }
    /// The access tokens that were revoked, once the background work had its turn.
    std::set<std::string> revoked() {
        EXPECT_TRUE(run_on(loop, connection_service->retry_revocations(soon())));
        return endpoint.revoked;
    }
    std::set<std::string> reasons;
};

TEST_F(Confirmation, AuditANothingIsConnectedBeforeTheCallerConfirms) {
    const auto confirmation = log_in("ann");
    EXPECT_GE(confirmation.size(), 192U / 6);
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    const auto connected = confirm("ann", confirmation);
    ASSERT_TRUE(connected);
    EXPECT_EQ(connected->account.text(), "open-1");
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_EQ((**access("ann")).refresh_token.reveal(), "rft.issued1");
    EXPECT_EQ(sweep(wall_now() + std::chrono::hours{1}), 0U);
    EXPECT_TRUE(revoked().empty());
}

TEST_F(Confirmation, AuditAThePageOfALoginTellsWhatBecameOfItAfterItsConfirmation) {
    const auto query = agree(begin("ann", waiting())->authorize_url);
    const auto to = go_to(come_back(query));
    ASSERT_TRUE(confirm("ann", to.substr(to.find("confirmation=") + 13)));
    EXPECT_EQ(go_to(come_back(query)), back + "?user_id=ann&result=connected");
}

TEST_F(Confirmation, AuditEARemovalBeforeTheConfirmationEndsTheConnectionAlsoIfItIsToldAfterwards) {
    const auto now = wall_now() - seconds{60};
    const auto confirmation = log_in("ann", waiting(), now);
    const auto connected = confirm("ann", confirmation);
    ASSERT_TRUE(connected);
    EXPECT_EQ(unix_ms(connected->connected_at), unix_ms(now)) << "as old as the grant";
    EXPECT_EQ(unix_ms(connected->access_expires_at), unix_ms(now + seconds{7200}));
    EXPECT_EQ(*run_on(loop, connection_service->on_authorization_removed(
                                open_id::trusted("open-1"), 1, now + seconds{30}, wall_now(), soon())),
              1U);
    EXPECT_EQ(show("ann")->state, store::connection_state::revoked);
}

TEST_F(Confirmation, AuditEADeleteLosesNoWaitingGrantOfTheAccountIfTikTokRefusesItsRevoke) {
    ASSERT_TRUE(confirm("ann", log_in("ann")));
    log_in("ann");
    endpoint.next = {mode::text};
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_request","error_description":"the access token is invalid"})";
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(disconnect("ann").reason, "already_ended");
    EXPECT_TRUE(endpoint.revoked.empty());
    EXPECT_EQ(sweep(wall_now()), 1U);
    EXPECT_EQ(revoked(), std::set<std::string>{"act.issued2"});
}

TEST_F(Confirmation, AuditAAConfirmationIsOfOneCallerForOneUserOnceAndForTenMinutes) {
    expect_unusable(confirm("ann", "made-up"));
    const auto now = wall_now();
    const auto confirmation = log_in("ann", waiting(), now);
    expect_unusable(confirm("bob", confirmation));
    by.name = "another";
    expect_unusable(confirm("ann", confirmation));
    by.name = "shop";
    expect_unusable(confirm("ann", confirmation, now + seconds{600}));
    ASSERT_TRUE(confirm("ann", confirmation, now + seconds{599})) << "nobody else has used it up";
    expect_unusable(confirm("ann", confirmation));
    EXPECT_EQ((**access("ann")).version, 1U);
}

TEST_F(Confirmation, AuditCTheTenMinutesOfAWaitingGrantAreNotThoseOfItsRow) {
    const auto now = wall_now();
    const auto late = log_in("ann", waiting(), now), in_time = log_in("bob", waiting(), now);
    change_rows("UPDATE pending_grants SET expires_at = expires_at + 3600000");
    EXPECT_TRUE(confirm("bob", in_time, now + milliseconds{599'999}));
    EXPECT_EQ(ended("unavailable"), "0");
    expect_unusable(confirm("ann", late, now + seconds{600}));
    EXPECT_EQ(ended("unavailable"), "1") << "told to the operator";
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    expect_unusable(confirm("ann", late, now + seconds{1})); // it was given up
}

TEST_F(Confirmation, AuditCWhatBecameOfALoginIsShownOnlyAsItWasNoted) {
    const auto query = agree(begin("ann", waiting())->authorize_url);
    const auto to = go_to(come_back(query));
    log_in("bob");
    EXPECT_EQ(go_to(come_back(query)), to);
    const auto expect_unbelieved = [&](const char* what) {
        SCOPED_TRACE(what);
        const auto before = ended("unavailable");
        const auto page = come_back(query);
        EXPECT_EQ(status_of(page), 400);
        EXPECT_EQ(std::get<callback_page>(page).html.find("<bdi>"), std::string::npos) << "it names nobody";
        EXPECT_EQ(reason, "unavailable");
        EXPECT_NE(ended("unavailable"), before) << "told to the operator";
    };
    change_rows(
        "UPDATE oauth_states SET sealed_verifier = (SELECT sealed_verifier FROM oauth_states "
        "WHERE user_id = 'bob') WHERE user_id = 'ann'");
    expect_unbelieved("the end of another login");
    change_rows("UPDATE oauth_states SET progress = 'begun'");
    expect_unbelieved("begun anew");
    EXPECT_EQ(endpoint.requests.size(), 2U) << "no code is sent";
}

TEST_F(Confirmation, AuditAWhoeverHasTheLinkGetsNoConfirmationOfAnotherBrowser) {
    const auto query = agree(begin("ann", waiting())->authorize_url);
    const auto first = go_to(come_back(query));
    EXPECT_EQ(go_to(come_back(query)), first) << "an answer that was lost on its way is given again";
    for (const char* code : {"", "co*de", "co*de!!"}) {
        auto of_attacker = query;
        of_attacker.code = code;
        EXPECT_EQ(status_of(come_back(of_attacker)), 400) << code;
        EXPECT_EQ(reason, "link_spent");
    }
    EXPECT_EQ(endpoint.requests.size(), 1U);
}

TEST_F(Confirmation, AuditATheKeysConfirmLoginsWinsOverTheCall) {
    by.confirm_logins = true;
    const auto refused = begin("ann");
    ASSERT_FALSE(refused) << "there is no place to bring the confirmation to";
    EXPECT_EQ(refused.error().details()->fields[0].field, "return_url");
    auto wish = waiting();
    wish.confirm = false;
    EXPECT_TRUE(confirm("ann", log_in("ann", wish)));
    by.confirm_logins = false;
    wish.return_url.clear();
    wish.confirm = true;
    EXPECT_FALSE(begin("ann", wish));
    // Turned on while the browser is at TikTok.
    wish.return_url = back;
    wish.confirm = false;
    const auto query = agree(begin("bob", wish)->authorize_url);
    by.confirm_logins = true;
    EXPECT_NE(go_to(come_back(query)).find("result=pending"), std::string::npos);
}

TEST_F(Confirmation, AuditATikTokAsksThePersonWhereverNobodyConfirms) {
    const auto asks = [this](connections::login_options wish) {
        return begin("ann", std::move(wish))->authorize_url.find("disable_auto_auth=1") != std::string::npos;
    };
    auto confirmed = waiting();
    EXPECT_TRUE(asks({}));
    EXPECT_FALSE(asks(confirmed));
    confirmed.disable_auto_auth = true;
    EXPECT_TRUE(asks(confirmed));
    connections::login_options plain;
    plain.disable_auto_auth = false;
    EXPECT_FALSE(asks(plain));
}

TEST_F(Confirmation, AuditAAGrantThatNobodyConfirmsIsRevoked) {
    const auto now = wall_now() - seconds{600};
    const auto first = log_in("ann", waiting(), now), second = log_in("bob", waiting(), now);
    EXPECT_EQ(sweep(now + seconds{599}), 0U);
    EXPECT_EQ(sweep(now + seconds{600}), 2U);
    EXPECT_EQ(revoked(), (std::set<std::string>{"act.issued1", "act.issued2"}));
    EXPECT_EQ(sweep(now + seconds{3'600}), 0U);
    expect_unusable(confirm("ann", first));
    expect_unusable(confirm("bob", second));
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
}

TEST_F(Confirmation, AuditAAForgottenGrantEndsNobodyElsesAccess) {
    const auto now = wall_now() - seconds{601};
    ASSERT_EQ(status_of(come_back(agree(begin("eve")->authorize_url))), 200);
    log_in("ann", waiting(), now);
    EXPECT_EQ(sweep(now + seconds{601}), 1U);
    EXPECT_TRUE(revoked().empty()) << "eve is connected to the account";
    disconnect("eve");
    EXPECT_EQ(endpoint.revoked.size(), 1U);
}

TEST_F(Confirmation, AuditAARevocationThatTikTokCouldNotTakeIsTriedAgain) {
    const auto now = wall_now() - seconds{600};
    log_in("ann", waiting(), now);
    EXPECT_EQ(sweep(now + seconds{600}), 1U);
    endpoint.next = {mode::unreachable, mode::unreachable, mode::unreachable, mode::unreachable};
    EXPECT_TRUE(revoked().empty());
    EXPECT_TRUE(revoked().empty()) << "not at once";
    change_rows("UPDATE revocations SET next_at = next_at - 61000");
    EXPECT_EQ(revoked(), std::set<std::string>{"act.issued1"});
}

TEST_F(Confirmation, AuditAANewLoginOfTheAccountStopsTheRevocationOfAForgottenOne) {
    const auto now = wall_now() - seconds{600};
    log_in("ann", waiting(), now);
    EXPECT_EQ(sweep(now + seconds{600}), 1U);
    const auto confirmation = log_in("ann");
    EXPECT_TRUE(revoked().empty()) << "it would end the grant that waits now";
    EXPECT_TRUE(confirm("ann", confirmation));
}

TEST_F(Confirmation, AuditAAnotherAccountIsRefusedAtTheCallbackAndAtTheConfirmation) {
    const auto confirmation = log_in("ann");
    endpoint.account = "open-2";
    ASSERT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 200) << "meanwhile, and unconfirmed";
    const auto refused = confirm("ann", confirmation);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_TRUE(refused.error().details()->fields[0].reason.starts_with("another_account"));
    EXPECT_EQ(show("ann")->account.text(), "open-2");
    EXPECT_EQ(revoked(), std::set<std::string>{"act.issued1"}) << "nobody else holds the first account";
    expect_unusable(confirm("ann", confirmation));

    endpoint.account = "open-3";
    const auto to = go_to(come_back(agree(begin("ann", waiting())->authorize_url)));
    EXPECT_EQ(to, back + "?user_id=ann&result=refused&reason=another_account");
    auto replacing = waiting();
    replacing.replace_account = true;
    ASSERT_TRUE(confirm("ann", log_in("ann", replacing)));
    EXPECT_EQ(show("ann")->account.text(), "open-3");
}

TEST_F(Confirmation, AuditAWhoIsDisconnectedOrLeavesAtTikTokIsNotConnectedByAnOldConfirmation) {
    ASSERT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 200);
    const auto confirmation = log_in("ann");
    disconnect("ann");
    expect_unusable(confirm("ann", confirmation));
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    const auto next = log_in("ann");
    removed("open-1", std::chrono::ceil<seconds>(wall_now() + seconds{1}));
    expect_unusable(confirm("ann", next));
}

TEST_F(Confirmation, AuditBALoginIsJudgedByWhatItsCallerMayDoWhenTheBrowserComesBack) {
    const auto as_it_was = by;
    const std::vector<std::pair<std::string, std::function<void()>>> changes{
        {"taken out", [this] { caller_exists = false; }},
        {"not for this user", [this] { by.users = {"bob"}; }},
        {"no logins", [this] { by.actions = {"TIKTOK_*"}; }},
        {"not to that page", [this] { by.return_url_prefixes = {"https://shop.example/other"}; }}};
    for (const auto& [what, change] : changes) {
        SCOPED_TRACE(what);
        by = as_it_was;
        caller_exists = true;
        connections::login_options wish;
        wish.return_url = back;
        const auto query = agree(begin("ann", wish)->authorize_url);
        change();
        EXPECT_EQ(status_of(come_back(query)), 400) << "a page, and no way on";
        EXPECT_EQ(reason, "not_allowed");
        caller_exists = true;
        by = as_it_was;
        EXPECT_EQ(status_of(come_back(query)), 400) << "what became of it stays";
        EXPECT_EQ(reason, "not_allowed");
    }
    EXPECT_TRUE(endpoint.requests.empty()) << "the code is not even exchanged";
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    const auto query = agree(begin("ann")->authorize_url);
    by.confirm_logins = true;
    EXPECT_EQ(status_of(come_back(query)), 400)
        << "it would have to be confirmed, and brings nothing anywhere";
    EXPECT_EQ(reason, "not_allowed");
}

TEST_F(Confirmation, AuditBALoginIsJudgedOnceMoreWhenTikTokHasAnswered) {
    const auto query = agree(begin("ann")->authorize_url);
    endpoint.before_answer = [this]() -> task<void> {
        caller_exists = false;
        co_return;
    };
    EXPECT_EQ(status_of(come_back(query)), 400);
    EXPECT_EQ(reason, "not_allowed");
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(revoked(), std::set<std::string>{"act.issued1"});
}

TEST_F(Confirmation, AuditHAReturnUrlWithANameOfOursIsRefused) {
    auto wish = waiting();
    wish.return_url = back + "?result=connected";
    const auto refused = begin("ann", wish);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_EQ(refused.error().details()->fields[0].field, "return_url");
    wish.return_url = back + "?order=result";
    EXPECT_TRUE(begin("ann", wish));
}

TEST_F(Confirmation, AuditAWhatAnotherCallIsConfirmingIsInProgressToWhoHasItsConfirmation) {
    const auto confirmation = log_in("ann");
    // A process that has reserved it, and died.
    change_rows("UPDATE pending_grants SET reserved_until = now_ms() + 40000");
    const auto busy = confirm("ann", confirmation);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code(), errc::in_progress);
    ASSERT_TRUE(busy.error().details()->retry_after);
    EXPECT_GT(*busy.error().details()->retry_after, seconds{30});
    EXPECT_LE(*busy.error().details()->retry_after, seconds{40});
    expect_unusable(confirm("bob", confirmation));
    expect_unusable(confirm("ann", confirmation + "x"));
    by.name = "another";
    expect_unusable(confirm("ann", confirmation));
    by.name = "shop";
    expect_unusable(confirm("ann", confirmation, wall_now() + seconds{601}));
    change_rows("UPDATE pending_grants SET reserved_until = now_ms() - 1");
    EXPECT_TRUE(confirm("ann", confirmation));
    expect_unusable(confirm("ann", confirmation));
}

TEST_F(Confirmation, T24ARefusedAppIsNamedAndCostsNoConnection) {
    ASSERT_EQ(status_of(come_back(agree(begin("eve")->authorize_url))), 200);
    app->change_secret(secret{"rotated-at-tiktok"});
    for (int times = 0; times < 3; ++times) {
        const auto page = come_back(agree(begin("ann")->authorize_url));
        EXPECT_EQ(status_of(page), 400);
        EXPECT_EQ(reason, "app_refused");
        EXPECT_NE(std::get<callback_page>(page).html.find("Nothing is wrong with your account"),
                  std::string::npos);
    }
    EXPECT_EQ(app_refusals, std::vector<std::string>{"invalid_client"}) << "said once";
    EXPECT_EQ(show("eve")->state, connection_state::connected);
    app->change_secret(secret{"app-secret"});
    EXPECT_EQ(status_of(come_back(agree(begin("ann")->authorize_url))), 200);
}

TEST_F(Confirmation, T20EachRefusalHasItsReason) {
    const auto reason_of = [this](const std::string& error) {
        auto query = agree(begin("ann")->authorize_url);
        query.code.clear();
        query.error = error;
        EXPECT_EQ(status_of(come_back(query)), 400);
        return std::string(reason);
    };
    EXPECT_EQ(reason_of("access_denied"), "declined");
    EXPECT_EQ(reason_of("invalid_scope"), "app_refused");
    EXPECT_EQ(reason_of("unauthorized_client"), "app_refused");
    EXPECT_EQ(reason_of("temporarily_unavailable"), "tiktok_unreachable");
    EXPECT_EQ(reason_of(""), "code_refused") << "neither a code nor an error";
    const auto after = [this](auto change) {
        auto query = agree(begin("ann")->authorize_url);
        change(query);
        EXPECT_EQ(status_of(come_back(query)), 400);
        return std::string(reason);
    };
    EXPECT_EQ(after([](callback_query& query) { query.code = "another"; }), "code_refused");
    EXPECT_EQ(after([this](callback_query&) { endpoint.next = {mode::lose_after}; }), "tiktok_unreachable");
    EXPECT_EQ(after([this](callback_query&) { endpoint.next = {mode::unreachable}; }), "tiktok_unreachable");
    EXPECT_EQ(after([](callback_query& query) { query.state = "made-up"; }), "link_spent");
    EXPECT_EQ(after([](callback_query& query) { query.state.clear(); }), "link_spent");
}

TEST_F(Confirmation, AuditEADeleteOfAUserWithoutAConnectionEndsWhatWaits) {
    const auto confirmation = log_in("ann");
    const auto begun = agree(begin("ann")->authorize_url);
    const auto gone =
        run_on(loop, connection_service->disconnect(user_id::trusted("ann"), wall_now(), soon()));
    EXPECT_EQ(gone.error().code(), errc::user_not_connected) << "as before";
    expect_unusable(confirm("ann", confirmation));
    EXPECT_EQ(status_of(come_back(begun)), 400);
    EXPECT_EQ(reason, "link_spent");
    EXPECT_EQ(sweep(wall_now()), 1U);
    EXPECT_EQ(revoked(), std::set<std::string>{"act.issued1"});
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
}

TEST_F(Confirmation, ThePageNamesAppCallerAndUser) {
    const auto page = come_back(agree(begin("a&b")->authorize_url));
    const auto& html = std::get<callback_page>(page).html;
    for (const char* shown : {"<bdi>app-key</bdi>", "<bdi>shop</bdi>", "<bdi>a&amp;b</bdi>"})
        EXPECT_NE(html.find(shown), std::string::npos) << shown;
}

} // namespace gateway::testing
