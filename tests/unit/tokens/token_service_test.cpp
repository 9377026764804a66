#include "tokens/idle_users.hpp"
#include "unit/tokens/token_service_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <thread>

namespace gateway::testing {

using store::connection_state;
using tokens::refresh_result;

class Tokens : public tokens_fixture {};

namespace {

task<void> use(tokens::token_service& from, std::string name, std::atomic<int>& good, std::atomic<int>& left,
               deadline until) {
    const auto got = co_await from.access(user_id::trusted(std::move(name)), until, sharer::gateway);
    if (got && (*got)->access_token.reveal() == "act.issued1") ++good;
    --left;
}

} // namespace

namespace {

struct ends {
    int good = 0, refused = 0, others = 0;
    int all() const { return good + refused + others; }
};

task<void> use_for(tokens::token_service& from, std::string name, sharer by, ends& count) {
    const auto got =
        co_await from.access(user_id::trusted(std::move(name)), deadline::in(steady_now(), seconds{60}), by);
    if (got)
        ++count.good;
    else
        ++(got.error().code() == errc::overloaded ? count.refused : count.others);
}

} // namespace

TEST_F(Tokens, L09AuditIOneCallersRefreshesLeaveTurnsToAnother) {
    callers.set(2);
    refresh_per_second = 4; // 32 turns are shared
    make_tokens();
    endpoint.rotates = false; // all of these users hold the same pair
    ends greedy, quiet;
    for (int i = 0; i < 20; ++i) {
        const auto name = "greedy-" + std::to_string(i);
        grant_with(name, seconds{-10});
        loop.group().spawn(use_for(*tokens, name, sharer_of("greedy"), greedy));
    }
    turn_until(loop, [&] { return greedy.refused > 0; });
    grant_with("quiet", seconds{-10});
    loop.group().spawn(use_for(*tokens, "quiet", sharer_of("quiet"), quiet));
    turn_until(loop, [&] { return quiet.all() == 1; });
    EXPECT_EQ(quiet.good, 1);
    turn_until(loop, [&] { return greedy.all() == 20; });
    EXPECT_GE(greedy.refused, 1);
    EXPECT_GE(greedy.good, 16) << "half of the turns";
    EXPECT_EQ(greedy.others, 0);
}

TEST_F(Tokens, L09AuditIARefreshIsAskedForTheCallerWhoseCallBeganIt) {
    ends shop;
    grant_with("ann", seconds{-10});
    run_on(loop, use_for(*tokens, "ann", sharer_of("shop"), shop));
    EXPECT_EQ(shop.good, 1);
    EXPECT_EQ(endpoint.asked_by, std::vector<sharer>{sharer_of("shop")});
}

TEST_F(Tokens, L09AuditIACallerWithoutAFreeConnectionDelaysNobodyElsesRefresh) {
    grant_with("ann", seconds{-10});
    grant_with("bob", seconds{-10});
    endpoint.good_refresh_tokens.insert("rft.first"); // of both
    endpoint.rotates = false;
    endpoint.next = {mode::no_connection};
    EXPECT_EQ(access("ann").error().code(), errc::overloaded);
    EXPECT_EQ(access("ann").error().code(), errc::overloaded) << "its own next try waits";
    EXPECT_EQ(requests(), 1U);
    EXPECT_TRUE(access("bob"));
}

TEST_F(Tokens, L09AuditIACallerWithoutAFreeConnectionIsNoAnswerOfTheEndpoint) {
    for (const char* name : {"ann", "bob", "cid", "dan"})
        grant_with(name, seconds{-10});
    endpoint.delay = milliseconds{300}; // so that bob's is asked for before ann's has failed
    endpoint.next = {mode::lose_before, mode::lose_before, mode::no_connection};
    ends shop;
    loop.group().spawn(use_for(*tokens, "ann", sharer_of("shop"), shop));
    turn_until(loop, [&] { return requests() == 2; });
    loop.group().spawn(use_for(*tokens, "bob", sharer_of("shop"), shop));
    turn_until(loop, [&] { return shop.all() == 2; });
    EXPECT_EQ(shop.refused, 1);
    turn_until(loop, [&] { return access("cid", in(50)).error().code() == errc::deadline_exceeded; });
    EXPECT_EQ(access("dan", in(50)).error().code(), errc::tiktok_unreachable)
        << "after an answer that was lost one is asked for at a time";
}

TEST_F(Tokens, ServesAGoodTokenFromMemoryWithoutAskingAnybody) {
    EXPECT_EQ(tokens->ready(user_id::trusted("ann"), wall_now()), nullptr);
    EXPECT_EQ(access("ann").error().code(), errc::user_not_connected);
    const auto granted = grant_with("ann", seconds{7000});
    EXPECT_EQ(tokens->ready(user_id::trusted("ann"), wall_now()), granted);
    EXPECT_EQ(*access("ann"), granted);
    EXPECT_EQ(requests(), 0U);
}

TEST_F(Tokens, RefreshesAheadBesideTheCall) {
    const auto granted = grant_with("ann", seconds{200});
    EXPECT_EQ(tokens->ready(user_id::trusted("ann"), wall_now()), nullptr);
    EXPECT_EQ(*access("ann"), granted) << "the call does not wait";
    settle();
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_EQ((**access("ann")).version, granted->version + 1);
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(told[refresh_result::refreshed], 1);
    EXPECT_TRUE(run_on(loop, records->refreshes.unfinished("app-key", soon()))->empty());
    EXPECT_EQ(run_on(loop, records->connections.kept_tokens(user_id::trusted("ann"), soon()))->size(), 1U);
}

TEST_F(Tokens, Q02APairIsYoungAlsoWhereAClockAheadReceivedTheLogin) {
    endpoint.good_refresh_tokens.insert("rft.first");
    grant("ann", pair("first", seconds{1}), wall_now() + seconds{25});
    ASSERT_TRUE(run_on(loop, tokens->renew(user_id::trusted("ann"), (**load("ann")).version, soon())));
    const auto renewed = *load("ann");
    EXPECT_EQ(renewed->access_token.reveal(), "act.issued1");
    EXPECT_TRUE(renewed->renewed_within(seconds{60}, wall_now()));
    // As another process reads it.
    tokens.reset();
    start_good("a");
    make_tokens();
    EXPECT_TRUE((**load("ann")).renewed_within(seconds{60}, wall_now()));
}

TEST_F(Tokens, T06FindsTheNewPairAfterARestart) {
    grant_with("ann", seconds{-10});
    ASSERT_TRUE(access("ann"));
    tokens.reset();
    start_good("a");
    make_tokens();
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T11RefreshesOnceForAThousandWhoWaitOnOtherWorkers) {
    grant_with("ann", seconds{-10});
    endpoint.delay = milliseconds{30};
    worker other(1);
    std::atomic<int> good{0}, left{1000};
    for (int i = 0; i < 1000; ++i)
        boost::asio::co_spawn(i % 2 == 0 ? other.loop() : loop.loop(),
                              use(*tokens, "ann", good, left, soon()), [](std::exception_ptr) {});
    std::thread there([&] { turn_until(other, [&] { return left == 0; }); });
    turn_until(loop, [&] { return left == 0; });
    there.join();
    EXPECT_EQ(good, 1000);
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T11GoesOnWhenTheOneWhoAskedGoesAway) {
    grant_with("ann", seconds{-10});
    endpoint.delay = milliseconds{60};
    const auto late = access("ann", in(5));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), errc::deadline_exceeded);
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T02AsksOnceMoreForARefreshFoundOpenAtStart) {
    const auto granted = grant_with("ann", seconds{7000});
    auto held = run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), milliseconds{0}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(**held, granted->version, soon())),
              store::refresh_begin::begun);
    tokens.reset();
    start_good("a");
    make_tokens();
    EXPECT_EQ(*run_on(loop, tokens->resume_open_refreshes(soon())), 1U);
    settle();
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.issued1");
    EXPECT_TRUE(run_on(loop, records->refreshes.unfinished("app-key", soon()))->empty());
}

TEST_F(Tokens, T04ReportsAPairThatWasRotatedAwayWhileTheProcessWasDead) {
    const auto granted = grant_with("ann", seconds{7000});
    auto held = run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), milliseconds{0}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(**held, granted->version, soon())),
              store::refresh_begin::begun);
    endpoint.good_refresh_tokens.clear(); // TikTok rotated, and the answer was lost
    tokens.reset();
    start_good("a");
    make_tokens();
    ASSERT_TRUE(run_on(loop, tokens->resume_open_refreshes(soon())));
    settle();
    EXPECT_EQ(record("ann").state, connection_state::reconnect_required);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    EXPECT_FALSE(record("ann").sealed_tokens.empty()) << "the old ciphertext is never deleted";
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.first") << "good to its end";
    const auto refused = after_401(granted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::reconnect_required);
    EXPECT_TRUE(run_on(loop, records->refreshes.unfinished("app-key", soon()))->empty());
}

TEST_F(Tokens, T04NamesTheCauseAlsoWhereACallComesBeforeTheResumption) {
    const auto granted = grant_with("ann", seconds{-10});
    auto held = run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), milliseconds{0}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(**held, granted->version, soon())),
              store::refresh_begin::begun);
    endpoint.good_refresh_tokens.clear(); // TikTok rotated for the crashed process
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    EXPECT_EQ(told[refresh_result::lost], 1) << "there is an alarm on it";
    EXPECT_TRUE(run_on(loop, records->refreshes.unfinished("app-key", soon()))->empty());
}

TEST_F(Tokens, T13SendsNothingThatMightOutliveItsLease) {
    grant_with("ann", seconds{-10});
    lease_length = milliseconds{14'000}; // a request may take 15 s
    tokens.reset();
    make_tokens();
    EXPECT_EQ(access("ann").error().code(), errc::vault_unavailable);
    EXPECT_EQ(requests(), 0U);
    EXPECT_EQ(run_on(loop, records->refreshes.unfinished("app-key", soon()))->size(), 0U)
        << "nothing left, so a later invalid_grant is no lost answer";
}

TEST_F(Tokens, T08AsksOnceMoreWithTheOldTokenWhenTheAnswerIsLost) {
    grant_with("ann", seconds{-10});
    endpoint.rotates = false;
    endpoint.next = {mode::lose_after};
    EXPECT_TRUE(access("ann"));
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, T08NamesTheCauseWhenAStrictEndpointRotatedAndTheAnswerIsLost) {
    grant_with("ann", seconds{-10});
    endpoint.next = {mode::lose_after};
    const auto refused = access("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").state, connection_state::reconnect_required);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    EXPECT_EQ(told[refresh_result::lost], 1);
    EXPECT_EQ(requests(), 2U);
    EXPECT_FALSE(access("ann"));
    EXPECT_EQ(requests(), 2U) << "no retry storm";
}

TEST_F(Tokens, T04GoesOnWithTheOldAccessTokenWhereOnlyTheNewPairIsLost) {
    grant_with("ann", seconds{200});
    endpoint.next = {mode::lose_after};
    EXPECT_TRUE(access("ann"));
    settle();
    EXPECT_EQ(record("ann").state, connection_state::reconnect_required);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.first") << "TikTok takes it until its end";
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, T04NamesTheCauseAlsoWhereTheEndpointFailedAfterItRotated) {
    grant_with("ann", seconds{-10});
    endpoint.status = 500;
    endpoint.body = "<html>";
    endpoint.next = {mode::text};
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(access("ann").error().code(), errc::tiktok_error);
    EXPECT_EQ(record("ann").state, connection_state::connected);
    turn_until(loop, [this] { return access("ann").error().code() == errc::reconnect_required; });
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    EXPECT_EQ(told[refresh_result::lost], 1);
}

TEST_F(Tokens, T14BelievesNoInvalidGrantForAPairThatIsSecondsOld) {
    grant_with("ann", seconds{-10});
    endpoint.lifetime = "1";
    const auto pair = access("ann");
    ASSERT_TRUE(pair);
    (*pair)->accepted.note(0);            // so that it is refreshed at once
    endpoint.good_refresh_tokens.clear(); // this server of TikTok does not accept it yet
    const auto refused = after_401(*pair);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::tiktok_error);
    EXPECT_TRUE(refused.error().details()->retry_after);
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, T14JudgesAPairByItsAgeWhenTikTokWasAsked) {
    young_token_age = milliseconds{2'000};
    tokens.reset();
    make_tokens();
    grant_with("ann", seconds{-10});
    const auto pair = access("ann");
    ASSERT_TRUE(pair);
    (*pair)->accepted.note(0);
    endpoint.good_refresh_tokens.clear();
    endpoint.delay = milliseconds{2'200}; // or the process was paused
    EXPECT_EQ(after_401(*pair).error().code(), errc::tiktok_error);
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, T14BelievesItNotEvenAfterALostAnswerButRemembersThat) {
    grant_with("ann", seconds{-10});
    endpoint.lifetime = "1";
    const auto pair = access("ann");
    ASSERT_TRUE(pair);
    (*pair)->accepted.note(0);
    endpoint.good_refresh_tokens.clear();
    endpoint.next = {mode::lose_before};
    EXPECT_EQ(after_401(*pair).error().code(), errc::tiktok_error);
    EXPECT_EQ(record("ann").state, connection_state::refresh_in_doubt);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
}

TEST(TokenSet, Q02IsNewAlsoByAClockThatIsBehindTheOneThatReceivedIt) {
    vault::token_set set;
    set.received_at = wall_now();
    set.connected_at = set.received_at - seconds{7200};
    EXPECT_TRUE(set.renewed_within(seconds{60}, set.received_at + seconds{59}));
    EXPECT_TRUE(set.renewed_within(seconds{60}, set.received_at - seconds{30}));
    EXPECT_FALSE(set.renewed_within(seconds{60}, set.received_at + seconds{60}));
    EXPECT_FALSE(set.renewed_within(seconds{60}, set.received_at - seconds{3600}))
        << "a clock that was wrong";
}

TEST_F(Tokens, T18TakesA401ForNotYetWhileThePairIsNew) {
    propagation_grace = milliseconds{700};
    tokens.reset();
    make_tokens();
    const auto granted = grant_with("ann", seconds{7000});
    const auto fresh = after_401(granted);
    ASSERT_TRUE(fresh);
    const auto same = after_401(*fresh);
    ASSERT_TRUE(same);
    EXPECT_EQ((**same).version, (**fresh).version);
    EXPECT_EQ(requests(), 1U);
    turn_until(loop, [this, &fresh] { return !after_401(*fresh); });
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T08ServesTheStillValidTokenWhileInDoubt) {
    grant_with("ann", seconds{200});
    endpoint.next = {mode::lose_before, mode::lose_before};
    EXPECT_TRUE(access("ann"));
    settle();
    EXPECT_EQ(told[refresh_result::lost], 1);
    EXPECT_EQ(record("ann").state, connection_state::refresh_in_doubt);
    EXPECT_EQ(record("ann").cause, "rotation_response_lost");
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ((**access("ann")).access_token.reveal(), "act.first");
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, T08TellsDoubtAsTroubleWithItsWait) {
    grant_with("ann", seconds{-10});
    endpoint.next = {mode::lose_before, mode::lose_before};
    for (int i = 0; i < 20; ++i) {
        const auto got = access("ann");
        EXPECT_EQ(got.error().code(), errc::tiktok_unreachable);
        ASSERT_TRUE(got.error().details());
        EXPECT_TRUE(got.error().details()->retry_after);
    }
    EXPECT_EQ(record("ann").state, connection_state::refresh_in_doubt) << "a later try may still heal it";
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, T09KeepsTheOldRefreshTokenWhenNoneCame) {
    grant_with("ann", seconds{-10});
    endpoint.sends_refresh_token = false;
    const auto got = access("ann");
    ASSERT_TRUE(got);
    EXPECT_EQ((**got).refresh_token.reveal(), "rft.first");
    EXPECT_EQ((**got).access_token.reveal(), "act.issued1");
}

TEST_F(Tokens, T09IsInDoubtAfterAnswersThatAreNone) {
    int number = 0;
    for (const char* body :
         {"<html>", R"({"access_token":"act.x","open_id":"open-1"})",
          R"({"access_token":"","refresh_token":"","expires_in":7200,"open_id":"open-1"})",
          R"({"access_token":"act.x","refresh_token":"rft.x","expires_in":7200,"open_id":"two words"})"}) {
        const std::string name = "user" + std::to_string(number++);
        grant_with(name, seconds{-10});
        tokens.reset();
        make_tokens(); // clears the backoff of the previous round
        endpoint.body = body;
        endpoint.next = {mode::text, mode::text};
        EXPECT_FALSE(access(name)) << body;
        EXPECT_EQ(record(name).state, connection_state::refresh_in_doubt) << body;
        EXPECT_EQ((**load(name)).refresh_token.reveal(), "rft.first") << body;
    }
}

TEST_F(Tokens, T09KeepsANewPairWithoutALifetime) {
    grant_with("ann", seconds{-10});
    endpoint.body = R"({"access_token":"act.x","refresh_token":"rft.x","open_id":"open-1"})";
    endpoint.next = {mode::text};
    const auto got = access("ann");
    ASSERT_TRUE(got);
    EXPECT_EQ((**got).refresh_token.reveal(), "rft.x");
}

TEST_F(Tokens, T15DoubtsNoGrantBecauseOfAnErrorPage) {
    grant_with("ann", seconds{-10});
    endpoint.status = 403;
    endpoint.body = "<html>";
    endpoint.next = {mode::text};
    const auto refused = access("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::tiktok_error);
    EXPECT_TRUE(refused.error().details()->retry_after);
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, T10StoresNoAnswerThatIsForAnotherAccount) {
    const auto granted = grant_with("ann", seconds{-10});
    endpoint.account = "open-2";
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").version, granted->version);
    EXPECT_EQ(record("ann").account.text(), "open-1");
    EXPECT_EQ(record("ann").cause, "answer_for_another_account");
    EXPECT_EQ(told[refresh_result::wrong_account], 1);
}

TEST_F(Tokens, T10KnowsOfAScopeThatWasReduced) {
    grant_with("ann", seconds{-10});
    endpoint.scopes = "user.info.basic";
    const auto got = access("ann");
    ASSERT_TRUE(got);
    EXPECT_FALSE((**got).has_scope("video.list"));
    EXPECT_EQ(record("ann").scopes, "user.info.basic");
    EXPECT_EQ(told[refresh_result::scope_reduced], 1);
}

TEST_F(Tokens, T14AsksForANewLoginWhenTheGrantIsDeadAndDoesNotAskAgain) {
    grant_with("ann", seconds{-10});
    endpoint.good_refresh_tokens.clear();
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").cause, "refresh_token_invalid");
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T14UsesANewerPairThatTurnedUpInTheStore) {
    grant_with("ann", seconds{-10});
    endpoint.good_refresh_tokens.clear();
    auto replica = vault_on(*records, ring_of("a"));
    endpoint.before_answer = [&replica] { return store_elsewhere(replica); };
    const auto got = access("ann");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((**got).access_token.reveal(), "act.elsewhere");
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, T21LetsANewGrantWinOverARefreshThatIsRunning) {
    grant_with("ann", seconds{-10});
    auto replica = vault_on(*records, ring_of("a"));
    endpoint.before_answer = [&replica] { return store_elsewhere(replica); };
    const auto got = access("ann");
    ASSERT_TRUE(got);
    EXPECT_EQ((**got).access_token.reveal(), "act.elsewhere");
    EXPECT_EQ(told[refresh_result::superseded], 1);
}

TEST_F(Tokens, T21LearnsOfANewGrantThatAnotherReplicaStoredAfterTheOldWasRefused) {
    const auto granted = grant_with("ann", seconds{-10});
    endpoint.good_refresh_tokens.clear();
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required) << "also from memory";
    auto replica = vault_on(*records, ring_of("a"));
    run_on(loop, store_elsewhere(replica));
    EXPECT_EQ((**access("ann")).access_token.reveal(), "act.elsewhere");
    EXPECT_GT((**access("ann")).version, granted->version);
}

TEST_F(Tokens, T18LooksForANewerPairBeforeItCallsASecond401ARefusal) {
    const auto granted = grant_with("ann", seconds{7000});
    const auto forced = after_401(granted);
    ASSERT_TRUE(forced);
    EXPECT_EQ(after_401(*forced).error().code(), errc::tiktok_error);
    auto replica = vault_on(*records, ring_of("a"));
    run_on(loop, store_elsewhere(replica));
    EXPECT_EQ((**after_401(*forced)).access_token.reveal(), "act.elsewhere");
}

TEST_F(Tokens, T13UsesTheNewerPairAlsoWhenItsOwnTimeIsOver) {
    lease_length = milliseconds{300};
    request_timeout = milliseconds{100};
    make_tokens();
    grant_with("ann", seconds{-10});
    auto replica = vault_on(*records, ring_of("a"));
    endpoint.delay = milliseconds{400}; // as if it had been paused
    endpoint.before_answer = [&replica] { return store_elsewhere(replica); };
    const auto got = access("ann");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((**got).access_token.reveal(), "act.elsewhere");
}

namespace {

/// Another replica takes over a lease as soon as it has expired, and begins a refresh.
task<void> take_over(store::store& records, std::optional<store::lease>& held) {
    while (!held) {
        auto taken =
            co_await records.refreshes.take_lease(user_id::trusted("ann"), milliseconds{60'000}, soon());
        held = *taken;
        co_await pause_until(deadline::in(steady_now(), milliseconds{5}));
    }
    const auto begun = co_await records.refreshes.begin(*held, 1, soon());
    if (*begun != store::refresh_begin::begun_again) throw std::runtime_error("it was not begun before");
}

/// It ends without a pair, once the late pair is stored separately.
task<void> give_up(store::store& records, std::optional<store::lease>& held) {
    while (true) {
        const auto kept = co_await records.connections.kept_tokens(user_id::trusted("ann"), soon());
        if (!kept->empty()) break;
        co_await pause_until(deadline::in(steady_now(), milliseconds{5}));
    }
    co_await records.connections.set_state(user_id::trusted("ann"), 1, connection_state::reconnect_required,
                                           "rotation_response_lost", wall_now(), soon());
    co_await records.refreshes.close(*held, soon());
    co_await records.refreshes.release_lease(*held, soon());
}

} // namespace

TEST_F(Tokens, T13SavesItsPairLateWhereTheNextHolderEndedWithoutOne) {
    lease_length = milliseconds{300};
    request_timeout = milliseconds{100};
    make_tokens();
    const auto granted = grant_with("ann", seconds{-10});
    ASSERT_EQ(granted->version, 1U);
    std::optional<store::lease> other;
    endpoint.before_answer = [&] { return take_over(*records, other); };
    loop.group().spawn(give_up(*records, other));
    const auto got = access("ann");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((**got).access_token.reveal(), "act.issued1");
    EXPECT_EQ(record("ann").state, connection_state::connected);
    EXPECT_EQ(record("ann").version, 2U);
}

TEST_F(Tokens, T19StaysRevokedWhenARefreshEndsAfterTheRevocation) {
    grant_with("ann", seconds{-10});
    endpoint.before_answer = [this] { return revoke_ann(*vault); };
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").state, connection_state::revoked);
    EXPECT_TRUE(record("ann").sealed_tokens.empty());
    EXPECT_TRUE((**load("ann")).access_token.empty());
}

TEST_F(Tokens, T15UsesTheTokenUntilItsEndWhileTheEndpointIsInTrouble) {
    grant_with("ann", seconds{200});
    endpoint.status = 503;
    endpoint.next = std::deque<mode>(100, mode::text);
    ASSERT_TRUE(access("ann"));
    settle();
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(access("ann"));
    EXPECT_EQ(record("ann").state, connection_state::connected);
    EXPECT_LE(requests(), 20U);
    EXPECT_GE(told[refresh_result::try_later], 1);
}

/// Ann's refresh has met an endpoint that is away: until it answers, one user is refreshed at a time.
class TokensAfterTrouble : public tokens_fixture {
protected:
    void SetUp() override {
        tokens_fixture::SetUp();
        endpoint.rotates = false; // the fixture's users share a refresh token
        grant_with("ann", seconds{-10});
        endpoint.next = {mode::unreachable};
        ASSERT_FALSE(access("ann"));
    }
    /// Whether a second user is refreshed while TikTok answers the first.
    bool two_at_a_time() {
        bool second = false;
        for (const char* name : {"bob", "cid"})
            grant_with(name, seconds{-10});
        endpoint.before_answer = [this, &second] { return refresh_cid(second); };
        turn_until(loop, [this] { return access("bob").has_value(); });
        return second;
    }

private:
    task<void> refresh_cid(bool& good) {
        endpoint.before_answer = nullptr;
        const auto got = co_await tokens->access(user_id::trusted("cid"), soon(), sharer::gateway);
        good = got.has_value();
    }
};

TEST_F(TokensAfterTrouble, T15OneUserIsRefreshedAtATimeUntilTheEndpointAnswers) {
    EXPECT_FALSE(two_at_a_time());
    EXPECT_TRUE(two_at_a_time());
}

TEST_F(TokensAfterTrouble, T15AGrantThatIsOverShowsThatTheEndpointAnswers) {
    endpoint.good_refresh_tokens.clear();
    turn_until(loop, [this] { return access("ann").error().code() == errc::reconnect_required; });
    EXPECT_TRUE(two_at_a_time());
}

TEST_F(TokensAfterTrouble, T15ARefusalOfOneGrantShowsThatTheEndpointAnswers) {
    endpoint.status = 400;
    endpoint.body = R"({"error":"not_for_this_one"})";
    endpoint.next = {mode::text};
    turn_until(loop, [this] { return !access("ann") && requests() == 2; });
    EXPECT_TRUE(two_at_a_time());
}

TEST_F(Tokens, T15SaysWhenToTryAgainOnceTheTokenIsOver) {
    grant_with("ann", seconds{-10});
    endpoint.next = {mode::unreachable};
    const auto refused = access("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::tiktok_unreachable);
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, T24LeavesEverybodyConnectedWhileTheAppIsRefused) {
    endpoint.rotates = false; // the fixture's users share a refresh token
    for (const char* code : {"invalid_client", "unauthorized_client"}) {
        const std::string name = code;
        grant_with(name, seconds{-10});
        endpoint.body = R"({"error":")" + name + R"("})";
        endpoint.next = {mode::text};
        const auto refused = access(name);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::app_refused);
        EXPECT_EQ(refused.error().details()->tiktok->code, code);
        EXPECT_GE(*refused.error().details()->retry_after, seconds{59});
        EXPECT_EQ(record(name).state, connection_state::connected);
        EXPECT_EQ(record(name).version, 1U);
        const auto asked = requests();
        EXPECT_EQ(access(name).error().code(), errc::app_refused);
        grant_with("other", seconds{-10});
        EXPECT_EQ(access("other").error().code(), errc::app_refused)
            << "it is about the app, so about everybody";
        EXPECT_EQ(requests(), asked) << "not at once again";
        tokens->retry_soon();
        EXPECT_TRUE(access(name));
        EXPECT_TRUE(access("other"));
    }
    EXPECT_EQ(told[refresh_result::app_refused], 2);
}

TEST_F(Tokens, T24IsSaidOnceAndHealsWithTheRightSecret) {
    endpoint.rotates = false;
    for (const char* name : {"ann", "bob", "cid"})
        grant_with(name, seconds{-10});
    ASSERT_TRUE(app->change_secret(secret{"rotated-at-tiktok"}));
    for (const char* name : {"ann", "bob", "cid"}) {
        EXPECT_EQ(access(name).error().code(), errc::app_refused);
        tokens->retry_soon(); // as after a minute
    }
    EXPECT_EQ(app_refusals, std::vector<std::string>{"invalid_client"});
    EXPECT_TRUE(app->refused());
    ASSERT_TRUE(app->change_secret(secret{"app-secret"}));
    EXPECT_FALSE(app->change_secret(secret{"app-secret"})) << "nothing new";
    EXPECT_FALSE(app->refused());
    for (const char* name : {"ann", "bob", "cid"})
        EXPECT_TRUE(access(name));
}

TEST_F(Tokens, T24AnAnswerToTheSecretBeforeSaysNothingAboutTheNewOne) {
    grant_with("ann", seconds{-10});
    app->change_secret(secret{"rotated-at-tiktok"});
    endpoint.before_answer = [this]() -> task<void> {
        app->change_secret(secret{"app-secret"});
        co_return;
    };
    const auto late = access("ann");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), errc::tiktok_error);
    EXPECT_LT(*late.error().details()->retry_after, seconds{5});
    EXPECT_TRUE(app_refusals.empty());
    EXPECT_FALSE(app->refused());
}

TEST_F(Tokens, T15HoldsBackOnlyTheUserWhoseGrantIsRefused) {
    for (const char* code : {"invalid_request", "access_denied", "invalid_scope", "something_new"}) {
        const std::string name = code;
        grant_with(name, seconds{-10});
        endpoint.status = 400;
        endpoint.body = R"({"error":")" + name + R"("})";
        endpoint.next = {mode::text};
        const auto refused = access(name);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::tiktok_error) << code;
        EXPECT_TRUE(refused.error().details()->retry_after) << code;
        const auto asked = requests();
        EXPECT_EQ(access(name).error().code(), errc::tiktok_error) << code;
        EXPECT_EQ(requests(), asked) << "not at once again";
        grant_with("other_" + name, seconds{-10});
        EXPECT_TRUE(access("other_" + name)) << code;
    }
}

TEST_F(Tokens, T21RefreshesANewGrantAtOnceAfterTroubleWithTheOld) {
    grant_with("ann", seconds{-10});
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_request"})";
    endpoint.next = {mode::text};
    EXPECT_FALSE(access("ann"));
    grant_with("ann", seconds{-10});
    EXPECT_TRUE(access("ann")) << "another version owes nothing to the old one";
}

TEST_F(Tokens, T18RefreshesOncePerVersionAfterA401) {
    const auto granted = grant_with("ann", seconds{7000});
    const auto fresh = after_401(granted);
    ASSERT_TRUE(fresh);
    EXPECT_EQ((**fresh).version, granted->version + 1);
    EXPECT_EQ((**after_401(granted)).version, granted->version + 1) << "somebody did it already";
    EXPECT_EQ(requests(), 1U);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(after_401(*fresh).error().code(), errc::tiktok_error);
    EXPECT_EQ(requests(), 1U) << "the new one is refused as well: no loop";
    EXPECT_TRUE(access("ann"));
}

TEST_F(Tokens, FaultKRefreshesAtOnceWhatTikTokHasTakenBefore) {
    propagation_grace = milliseconds{3'000};
    tokens.reset();
    make_tokens();
    auto pair = grant_with("ann", seconds{7000});
    const auto began = steady_now();
    for (int i = 1; i <= 10; ++i) {
        pair->accepted.note(0); // and then TikTok ends it
        const auto fresh = after_401(pair);
        ASSERT_TRUE(fresh) << i << ": " << fresh.error().message();
        EXPECT_EQ((**fresh).version, pair->version + 1);
        pair = *fresh;
    }
    EXPECT_EQ(requests(), 10U);
    EXPECT_LT(steady_now() - began, seconds{30}) << "nothing was waited out";
    EXPECT_EQ(record("ann").state, connection_state::connected);
}

TEST_F(Tokens, FaultKSaysWhenToTryAgainWhileARefusedPairIsYoung) {
    const auto granted = grant_with("ann", seconds{7000});
    const auto fresh = after_401(granted);
    ASSERT_TRUE(fresh);
    for (const bool taken_by_another_kind : {false, true}) {
        if (taken_by_another_kind) (*fresh)->accepted.note(1);
        const auto refused = after_401(*fresh);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), errc::tiktok_error);
        ASSERT_TRUE(refused.error().details()->retry_after);
        EXPECT_GT(*refused.error().details()->retry_after, milliseconds{0});
        EXPECT_LE(*refused.error().details()->retry_after, young_token_age);
    }
    EXPECT_EQ(requests(), 1U);
    EXPECT_EQ(record("ann").state, connection_state::connected);
    EXPECT_TRUE(after_401(*fresh, 1)) << "the kind of call that took it before";
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, FaultKAsksForANewLoginOnlyAfterASecondForcedRefreshInVain) {
    young_token_age = milliseconds{400};
    tokens.reset();
    make_tokens();
    auto pair = grant_with("ann", seconds{7000});
    errc said{};
    turn_until(loop, [&] {
        const auto next = after_401(pair);
        if (next) pair = *next;
        said = next ? errc::tiktok_error : next.error().code();
        if (said == errc::tiktok_error) {
            EXPECT_EQ(record("ann").state, connection_state::connected);
        }
        return said != errc::tiktok_error;
    });
    EXPECT_EQ(said, errc::reconnect_required);
    EXPECT_EQ(requests(), 2U);
    EXPECT_EQ(record("ann").state, connection_state::reconnect_required) << "what is said is what is written";
    EXPECT_EQ(record("ann").cause, "access_token_refused");
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(requests(), 2U);
    grant_with("ann", seconds{7000});
    EXPECT_TRUE(access("ann")) << "a new login helps";
}

TEST_F(Tokens, FaultKTheNextProcessAndOtherReplicasKnowOfAForcedRefresh) {
    const auto granted = grant_with("ann", seconds{7000});
    ASSERT_TRUE(after_401(granted));
    EXPECT_EQ(requests(), 1U);
    run_on(loop, tokens->drain(soon()));
    tokens.reset();
    start_good("a");
    make_tokens();
    const auto there = access("ann");
    ASSERT_TRUE(there);
    EXPECT_EQ((**there).forced_in_a_row, 1U);
    EXPECT_EQ(after_401(*there).error().code(), errc::tiktok_error);
    EXPECT_EQ(requests(), 1U);
    (*there)->accepted.note(0);
    const auto next = after_401(*there);
    ASSERT_TRUE(next);
    EXPECT_EQ((**next).forced_in_a_row, 1U) << "one was taken in between";
}

TEST_F(Tokens, FaultKKeepsWhoTookAPairWhenItIsReadAgain) {
    grant_with("ann", seconds{7000});
    const auto pair = *access("ann");
    pair->accepted.note(3);
    const auto again = *run_on(loop, vault->load_again(user_id::trusted("ann"), soon()));
    EXPECT_NE(again, pair);
    EXPECT_EQ(again->forced_in_a_row, 0U);
    EXPECT_TRUE(again->accepted.by(3));
    EXPECT_FALSE(again->accepted.by(2));
    const auto next = grant_with("ann", seconds{7000});
    EXPECT_FALSE(next->accepted.by_any()) << "another pair";
}

TEST_F(Tokens, T16ATokenInItsLastMomentsGetsIntoTheLineAndIsNotPutOff) {
    refresh_per_second = 0.45; // the second one has to wait longer than usual
    make_tokens();
    grant_with("ann", seconds{-10});
    grant_with("ben", seconds{4});
    endpoint.rotates = false;
    ASSERT_TRUE(access("ann"));
    const auto got = access("ben");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((**got).version, 2U);
    EXPECT_EQ(requests(), 2U);
}

TEST_F(Tokens, T17RefreshesIdleUsersOnceInTheLifeOfARefreshToken) {
    const auto days = [](int number) { return std::chrono::hours{24 * number}; };
    for (const auto& [name, age] : {std::pair{"new", 1}, {"old", 143}, {"due", 145}, {"over", 181}}) {
        endpoint.good_refresh_tokens.insert("rft.first");
        grant(name, pair("first"), wall_now() - days(age)); // its access token expired months ago
    }
    EXPECT_EQ(*run_on(loop, tokens::refresh_idle_users(records->connections, *tokens, soon())), 1U);
    EXPECT_EQ(record("due").version, 2U);
    EXPECT_EQ(record("old").version, 1U);
    EXPECT_EQ(record("over").version, 1U);
    EXPECT_EQ(*run_on(loop, tokens::refresh_idle_users(records->connections, *tokens, soon())), 0U)
        << "not due any more";
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Tokens, T17AnIdleUserWhoIsRefusedStopsNobody) {
    for (const char* name : {"a", "b"})
        grant(name, pair(name), wall_now() - std::chrono::hours{24 * 150});
    endpoint.good_refresh_tokens = {"rft.b"};
    EXPECT_EQ(*run_on(loop, tokens::refresh_idle_users(records->connections, *tokens, soon())), 1U);
    EXPECT_EQ(record("a").state, connection_state::reconnect_required);
    EXPECT_EQ(record("b").version, 2U);
}

TEST_F(Tokens, SaysThatTheRefreshTokenIsOver) {
    auto fresh = pair("first", milliseconds{1000});
    fresh.refresh_lifetime = milliseconds{2000};
    grant("ann", std::move(fresh), wall_now() - seconds{60});
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    EXPECT_EQ(record("ann").cause, "refresh_token_expired");
    EXPECT_EQ(requests(), 0U);
}

TEST_F(Tokens, P02FinishesARefreshBeforeTheDrainIsOverAndStartsNoOther) {
    grant_with("ann", seconds{200});
    grant("bob", pair("first"), wall_now() - seconds{7210});
    endpoint.delay = milliseconds{60};
    ASSERT_TRUE(access("ann"));
    run_on(loop, tokens->drain(soon()));
    EXPECT_EQ(told[refresh_result::refreshed], 1);
    EXPECT_EQ(record("ann").version, 2U);
    EXPECT_EQ(access("bob").error().code(), errc::draining);
}

} // namespace gateway::testing
