// Two stores on one database, as two replicas are.
#include "postgresql/shared_server.hpp"
#include "runtime/task_group.hpp"

namespace gateway::testing {
namespace {

store::idempotency_record key(const std::string& text) {
    store::idempotency_record out;
    out.caller = caller("shop");
    out.key = text;
    out.fingerprint = std::string(32, '\0');
    out.request_id = "r1";
    out.created_at = at_second(0);
    out.expires_at = at_second(86'400);
    return out;
}

store::post_record post(const std::string& attempt) {
    store::post_record out;
    out.attempt = attempt;
    out.user = user("ann");
    out.caller = caller("shop");
    out.post_ids = "[]";
    out.created_at = out.updated_at = at_second(1);
    return out;
}

task<void> claim_key(store::store& at, int& won, int& lost) {
    const auto first = co_await at.keys.claim(key("k"), at_second(0), soon());
    if (first) ++(*first ? lost : won);
}

task<void> claim_draft(store::store& at, std::string attempt, std::vector<std::string>& winners) {
    const auto first = co_await at.ledger.claim_draft(user("ann"), post_id("d"), attempt, soon());
    winners.push_back(first ? *first : "failed");
}

task<void> take(store::store& at, std::vector<std::uint64_t>& fences) {
    const auto got = co_await at.refreshes.take_lease(user("ann"), milliseconds{60'000}, soon());
    if (got && *got) fences.push_back((*got)->fence);
}

task<void> settle(store::store& at, std::vector<std::string>& given) {
    while (true) {
        auto found = co_await at.ledger.abandoned(3, soon());
        if (!found || found->empty()) co_return;
        for (const auto& one : *found)
            given.push_back(one.attempt);
    }
}

store::connection_record holder(const std::string& name, std::uint64_t version) {
    auto out = connection(name, version);
    out.account = open_id::trusted("open-1");
    return out;
}

task<void> end(store::store& at, std::string name, std::uint64_t version, int& last, int& not_last) {
    using kind = store::connection_end::kind;
    store::leaving_user leaving{user(name), version, "app", {}, {}};
    leaving.pair.app = "app";
    leaving.pair.account = open_id::trusted("open-1");
    leaving.pair.sealed_tokens = "a pair";
    const auto ended = co_await at.connections.end(std::move(leaving), at_second(1), soon());
    if (!ended) co_return;
    if (ended->what == kind::alone) ++last;
    if (ended->what == kind::held_by_others) ++not_last;
}

task<void> connect(store::store& at, std::string name, int& connected, int& full) {
    store::grant_permit no_permit;
    const auto end = co_await at.connections.put(holder(name, 1), 0, std::move(no_permit), soon());
    if (!end) co_return;
    if (*end) ++connected;
    if (end->what == store::grant_end::kind::account_full) ++full;
}

} // namespace

TEST_F(PostgresqlStore, AuditEOfTwoUsersEndedAtTwoReplicasExactlyOneIsTheLastThirtyTimes) {
    const auto one = open(), two = open();
    for (std::uint64_t round = 1; round <= 30; ++round) {
        ASSERT_TRUE(run(one->connections.put(holder("ann", round), 0, {}, soon())));
        ASSERT_TRUE(run(two->connections.put(holder("bob", round), 0, {}, soon())));
        int last = 0, not_last = 0;
        task_group group(loop.executor());
        group.spawn(end(*one, "ann", round, last, not_last));
        group.spawn(end(*two, "bob", round, last, not_last));
        run_on(loop, group.wait_empty(soon()));
        EXPECT_EQ(last, 1) << round;
        EXPECT_EQ(not_last, 1) << round;
        EXPECT_EQ(sql("WITH gone AS (DELETE FROM revocations RETURNING 1) SELECT count(*) FROM gone"), "1");
    }
}

TEST_F(PostgresqlStore, AuditDOfSixtyUsersAtTwoReplicasFiftyGetTheAccount) {
    const auto one = open(), two = open();
    int connected = 0, full = 0;
    task_group group(loop.executor());
    for (int i = 0; i < 60; ++i)
        group.spawn(connect(i % 2 == 0 ? *one : *two, "user" + std::to_string(i), connected, full));
    run_on(loop, group.wait_empty(soon()));
    EXPECT_EQ(connected, 50);
    EXPECT_EQ(full, 10);
}

TEST_F(PostgresqlStore, I01LetsExactlyOneOfFiftyHaveAKey) {
    const auto one = open(), two = open();
    int won = 0, lost = 0;
    task_group group(loop.executor());
    for (int i = 0; i < 50; ++i)
        group.spawn(claim_key(i % 2 == 0 ? *one : *two, won, lost));
    run_on(loop, group.wait_empty(soon()));
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 49);
}

TEST_F(PostgresqlStore, LetsExactlyOneOfFiftyAttemptsPublishADraft) {
    const auto one = open(), two = open();
    std::vector<std::string> winners;
    task_group group(loop.executor());
    for (int i = 0; i < 50; ++i)
        group.spawn(claim_draft(i % 2 == 0 ? *one : *two, "a" + std::to_string(i), winners));
    run_on(loop, group.wait_empty(soon()));
    ASSERT_EQ(winners.size(), 50U);
    EXPECT_EQ(std::count(winners.begin(), winners.end(), winners[0]), 50);
    EXPECT_NE(winners[0], "failed");
}

TEST_F(PostgresqlStore, T12GivesOneLeaseToFiftyWhoWantItAndStopsALateWriterByItsFence) {
    const auto one = open(), two = open();
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    std::vector<std::uint64_t> fences;
    task_group group(loop.executor());
    for (int i = 0; i < 50; ++i)
        group.spawn(take(i % 2 == 0 ? *one : *two, fences));
    run_on(loop, group.wait_empty(soon()));
    ASSERT_EQ(fences.size(), 1U);
    const store::lease paused{user("ann"), fences[0]};
    ASSERT_EQ(run(one->refreshes.begin(paused, 1, soon())), store::refresh_begin::begun);
    pass_time(schema.name(), seconds{61});
    const auto next = run(two->refreshes.take_lease(user("ann"), milliseconds{60'000}, soon()));
    ASSERT_TRUE(next) << "the database's clock tells, not the replica's";
    EXPECT_GT(next->fence, fences[0]);
    EXPECT_EQ(run(one->refreshes.finish(paused, connection("ann", 2), 1, soon())),
              store::refresh_end::kept_as_candidate);
    EXPECT_EQ(run(two->refreshes.finish(*next, connection("ann", 2), 1, soon())), store::refresh_end::stored);
}

TEST_F(PostgresqlStore, T01DeathGTheLeaseOfAReplicaThatHasDiedIsFreeAfterTenSeconds) {
    auto one = open();
    const auto two = open();
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    const auto holder_seen = [&] { return run(two->refreshes.find_holder(user("ann"), soon())); };
    const auto held = run(one->refreshes.take_lease(user("ann"), store::lease_length, soon()));
    ASSERT_EQ(run(one->refreshes.begin(*held, 1, soon())), store::refresh_begin::begun);
    auto holder = holder_seen();
    ASSERT_TRUE(holder);
    EXPECT_FALSE(holder->is_gone);
    EXPECT_GT(holder->left, seconds{50});
    one.reset(); // the last of its connections ends
    turn_until(loop, [&] { return holder_seen()->is_gone; });
    EXPECT_LE(holder_seen()->left, store::gone_holder_keeps);
    EXPECT_FALSE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())))
        << "it may only have lost the store for a moment";
    EXPECT_TRUE(run(two->refreshes.unfinished("app", soon())).empty());
    pass_time(schema.name(), store::gone_holder_keeps);
    EXPECT_EQ(run(two->refreshes.unfinished("app", soon())).size(), 1U);
    EXPECT_FALSE(holder_seen());
    const auto next = run(two->refreshes.take_lease(user("ann"), store::lease_length, soon()));
    ASSERT_TRUE(next);
    EXPECT_GT(next->fence, held->fence);
    EXPECT_EQ(run(two->refreshes.begin(*next, 1, soon())), store::refresh_begin::begun_again);
}

TEST_F(PostgresqlStore, T12DeathGALeaseHoldsWhereItsReplicaLostTheDatabaseForAMomentOnly) {
    const auto one = open(), two = open();
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    const auto held = run(one->refreshes.take_lease(user("ann"), store::lease_length, soon()));
    ASSERT_EQ(run(one->refreshes.begin(*held, 1, soon())), store::refresh_begin::begun);
    pass_time(schema.name(), seconds{20}); // TikTok takes its time
    // Nobody has the lock of its life while its connections are made again.
    sql("UPDATE leases SET owner = 'nobody'");
    EXPECT_FALSE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
    const auto seen = run(two->refreshes.find_holder(user("ann"), soon()));
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->is_gone);
    EXPECT_GT(seen->left, store::gone_holder_keeps - seconds{5}) << "since it was first seen to be gone";
    sql("UPDATE leases SET owner = (SELECT min(owner) FROM store_instances)"); // it is back
    pass_time(schema.name(), seconds{11});
    EXPECT_FALSE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
    sql("UPDATE leases SET owner = 'nobody'");
    EXPECT_FALSE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
    EXPECT_TRUE(run(two->refreshes.unfinished("app", soon())).empty());
    pass_time(schema.name(), store::gone_holder_keeps);
    EXPECT_TRUE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
}

TEST_F(PostgresqlStore, T13DeathGTheLeaseOfAReplicaThatOnlyStandsStillHoldsForAMinute) {
    const auto one = open(), two = open();
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    const auto held = run(one->refreshes.take_lease(user("ann"), store::lease_length, soon()));
    ASSERT_EQ(run(one->refreshes.begin(*held, 1, soon())), store::refresh_begin::begun);
    pass_time(schema.name(), seconds{50});
    EXPECT_FALSE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
    EXPECT_TRUE(run(two->refreshes.unfinished("app", soon())).empty());
    pass_time(schema.name(), seconds{11});
    EXPECT_TRUE(run(two->refreshes.take_lease(user("ann"), store::lease_length, soon())));
}

TEST_F(PostgresqlStore, I04SettlesRowsOfAReplicaOnlyWhenItWasSilentForAMinute) {
    const auto one = open(), two = open();
    auto row = post("01A");
    row.idempotency_key = "k";
    run(one->keys.claim(key("k"), at_second(0), soon()));
    run(one->ledger.begin(row, soon()));
    pass_time(schema.name(), seconds{55});
    EXPECT_TRUE(run(two->ledger.abandoned(9, soon())).empty());
    run(one->on().beat(soon()));
    pass_time(schema.name(), seconds{55});
    EXPECT_TRUE(run(two->ledger.abandoned(9, soon())).empty()) << "it has been heard of since";
    EXPECT_TRUE(run(two->keys.abandoned(9, soon())).empty());
    pass_time(schema.name(), seconds{6});
    EXPECT_TRUE(run(two->keys.abandoned(9, soon())).empty()) << "the key waits for its post";
    EXPECT_EQ(run(two->ledger.abandoned(9, soon())).size(), 1U);
    EXPECT_TRUE(run(two->ledger.abandoned(9, soon())).empty()) << "given already";
    pass_time(schema.name(), seconds{61});
    run(two->on().beat(soon()));
    EXPECT_EQ(run(two->ledger.abandoned(9, soon())).size(), 1U) << "whoever had it did not settle it";
    row.state = store::post_state::settled;
    run(two->ledger.update(row, soon()));
    EXPECT_EQ(run(two->keys.abandoned(9, soon())).size(), 1U);
}

TEST_F(PostgresqlStore, I04AReplicaThatWasTakenForDeadBeginsNothingMoreAndEndsNoKeyOfAnother) {
    const auto late = open(), heir = open();
    auto upload = post("01A"), photos = post("01B");
    upload.kind = "inbox_file";
    upload.idempotency_key = "k1";
    photos.idempotency_key = "k2";
    run(late->keys.claim(key("k1"), at_second(0), soon()));
    run(late->keys.claim(key("k2"), at_second(0), soon()));
    ASSERT_TRUE(run(late->ledger.begin(upload, soon())));
    pass_time(schema.name(), seconds{61}); // it is silent, but still runs
    run(heir->on().beat(soon()));
    ASSERT_EQ(run(heir->ledger.abandoned(9, soon())).size(), 1U);
    upload.id = post_id("p");
    EXPECT_FALSE(run(late->ledger.update(upload, soon()))) << "no byte may leave: the heir ends this post";
    upload.state = store::post_state::settled;
    run(heir->ledger.update(upload, soon()));
    const auto keys = run(heir->keys.abandoned(9, soon()));
    ASSERT_EQ(keys.size(), 2U);
    for (const auto& one : keys)
        run(heir->keys.forget(one.key, soon()));
    EXPECT_FALSE(run(late->ledger.begin(photos, soon()))) << "its key is free";
    EXPECT_FALSE(run(heir->keys.claim(key("k2"), at_second(1), soon()))) << "a caller asks again";
    EXPECT_FALSE(run(late->ledger.begin(photos, soon()))) << "its key is another's";
    auto answer = key("k2");
    answer.status = 200;
    run(late->keys.finish(answer, soon()));
    run(late->keys.forget(answer, soon()));
    const auto there = run(heir->keys.claim(key("k2"), at_second(2), soon()));
    ASSERT_TRUE(there);
    EXPECT_FALSE(there->finished);
}

TEST_F(PostgresqlStore, I04NeverGivesOneAbandonedRowToTwoReplicas) {
    {
        const auto gone = open();
        for (int i = 10; i < 60; ++i)
            run(gone->ledger.begin(post("a" + std::to_string(i)), soon()));
    }
    const auto one = open(), two = open();
    std::vector<std::string> given;
    task_group group(loop.executor());
    for (int i = 0; i < 4; ++i)
        group.spawn(settle(i % 2 == 0 ? *one : *two, given));
    run_on(loop, group.wait_empty(soon()));
    std::sort(given.begin(), given.end());
    EXPECT_EQ(std::unique(given.begin(), given.end()), given.end());
    EXPECT_EQ(given.size(), 50U);
}

TEST_F(PostgresqlStore, TakesTextThatPostgresqlCannotHoldForTextThatIsNotThere) {
    const auto at = open();
    EXPECT_FALSE(run(at->ledger.find_attempt(std::string("a\0b", 3), soon())));
    EXPECT_FALSE(run(at->connections.find(user("\xff\xfe"), soon())));
}

TEST_F(PostgresqlStore, FailsACallWhoseRowIsNotWhatWasWritten) {
    const auto at = open();
    ASSERT_TRUE(run(at->connections.put(connection("ann", 1), 0, {}, soon())));
    sql("ALTER TABLE connections ALTER COLUMN updated_at TYPE TEXT USING updated_at::text");
    const auto broken = run_on(loop, at->connections.find(user("ann"), soon()));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code(), errc::vault_unavailable);
    run(at->on().beat(soon()));
}

TEST_F(PostgresqlStore, KeepsTheHeartbeatGoingByItself) {
    auto limits = few_connections();
    limits.silent_max = milliseconds{600};
    const auto at = open(limits);
    const std::string alive = "SELECT max(alive_until) FROM store_instances";
    const auto before = sql(alive);
    turn_until(loop, [&] { return sql(alive) != before; });
}

} // namespace gateway::testing
