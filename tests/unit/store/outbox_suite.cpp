// The outbox of webhooks: an event is there if, and only if, its fact is; deliveries go out in order, by one
// replica at a time, and are taken over.
#include "unit/store/outbox_fixture.hpp"
#include "unit/store/post_records.hpp"

namespace gateway::testing {
namespace {

store::post_record begun_post() {
    auto out = uploaded_post("a1", "v_pub_url~1");
    out.kind = "direct_url";
    return out;
}

store::status_update told(const store::post_record& of, const std::string& status,
                          const outgoing_event& event) {
    store::status_update out;
    out.attempt = of.attempt;
    out.user = of.user;
    out.seen_status = of.status;
    out.seen_post_ids = out.post_ids = of.post_ids;
    out.status = status;
    out.told_at = out.ended_at = at_second(2);
    out.event = event;
    return out;
}

} // namespace

TEST_P(OutboxSuite, ADeliveryIsClaimedOnceWithItsBodyAndIsOverWhenItIsTaken) {
    EXPECT_FALSE(run(at->outbox.has_work(soon())));
    add(event("e1"));
    EXPECT_TRUE(run(at->outbox.has_work(soon())));
    EXPECT_TRUE(run(at->outbox.oldest_undelivered(soon())));
    const auto first = turn();
    ASSERT_EQ(ids(first.claimed), std::vector<std::string>{"e1"});
    EXPECT_EQ(first.claimed[0].body, R"({"of":"e1"})");
    EXPECT_EQ(first.claimed[0].caller, caller("shop"));
    EXPECT_EQ(first.claimed[0].tries, 1U);
    EXPECT_TRUE(turn().claimed.empty()) << "it is under way";
    EXPECT_TRUE(turn({end_of(first.claimed[0], taken)}).claimed.empty());
    EXPECT_FALSE(run(at->outbox.has_work(soon())));
    EXPECT_FALSE(run(at->outbox.oldest_undelivered(soon())));
    EXPECT_EQ(events(), 1U) << "it can be asked for again";
}

TEST_P(OutboxSuite, OfOneSubjectTheNextIsSentWhenTheOneBeforeIsTaken) {
    add(event("e1"));
    add(event("e2"));
    add(event("f1", "a2"));
    auto first = turn().claimed;
    ASSERT_EQ(ids(first), (std::vector<std::string>{"e1", "f1"}));
    if (first[0].event != "e1") std::swap(first[0], first[1]);
    add(event("e3"));
    EXPECT_TRUE(turn({end_of(first[0], again, hour)}).claimed.empty()) << "those behind it wait, too";
    pass(hour + milliseconds{1});
    auto once_more = turn({end_of(first[1], taken)}).claimed;
    ASSERT_EQ(ids(once_more), std::vector<std::string>{"e1"});
    EXPECT_EQ(once_more[0].tries, 2U);
    auto second = turn({end_of(once_more[0], taken)}).claimed;
    ASSERT_EQ(ids(second), std::vector<std::string>{"e2"});
    EXPECT_EQ(ids(turn({end_of(second[0], taken)}).claimed), std::vector<std::string>{"e3"});
}

TEST_P(OutboxSuite, AClaimOfAProcessThatDiedIsTakenOverAndItsLateEndChangesNothing) {
    add(event("e1"));
    const auto dead = turn().claimed;
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_TRUE(turn().claimed.empty());
    pass(milliseconds{30'001});
    const auto heir = turn().claimed;
    ASSERT_EQ(ids(heir), std::vector<std::string>{"e1"});
    EXPECT_TRUE(turn({end_of(dead[0], again, milliseconds{0})}).claimed.empty()) << "it is the heir's now";
    EXPECT_TRUE(turn({end_of(heir[0], taken)}).claimed.empty());
    EXPECT_FALSE(run(at->outbox.oldest_undelivered(soon())));
}

TEST_P(OutboxSuite, AReceiverWithoutRoomIsSentNothingAndTakesNothingFromAnother) {
    add(event("e1"));
    add(event("o1", "a9", "other"));
    auto what = turn_of("u1");
    what.room = [](std::size_t receiver) { return receiver; }; // `other` is the first
    EXPECT_EQ(ids(run(at->outbox.turn(what, soon())).claimed), std::vector<std::string>{"e1"});
    EXPECT_EQ(ids(turn().claimed), std::vector<std::string>{"o1"});
}

TEST_P(OutboxSuite, CallersAreServedInTurnHoweverMuchWaitsForTheFirst) {
    for (int at_event = 0; at_event < 60; ++at_event)
        add(event("o" + std::to_string(at_event), "o" + std::to_string(at_event), "other"));
    add(event("e1"));
    auto what = turn_of("u1", 1'000);
    auto first = run(at->outbox.turn(what, soon()));
    EXPECT_TRUE(first.has_more) << "more events than one turn distributes";
    EXPECT_EQ(first.served, caller("other"));
    what.served = first.served;
    const auto second = run(at->outbox.turn(what, soon()));
    EXPECT_EQ(second.claimed.front().event, "e1");
    EXPECT_EQ(second.claimed.size(), 11U) << "and then from the beginning";
}

TEST_P(OutboxSuite, ManyCallersWhoCanBeSentNothingDelayNobodyBehindThem) {
    execute(
        statement("INSERT INTO webhook_deliveries (caller, event_id, subject, type, next_at, created_at, "
                  "expires_at) WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i "
                  "< 2050) SELECT 'dead' || i, 'd' || i, 'd' || i, 'post.failed', 1, 1, 9000000000000000 "
                  "FROM n"));
    add(event("e1"));
    auto what = turn_of("u1");
    EXPECT_TRUE(run(at->outbox.turn(what, soon())).claimed.empty()) << "one turn looks at so many callers";
    what.served = run(at->outbox.turn(what, soon())).served;
    EXPECT_EQ(ids(run(at->outbox.turn(what, soon())).claimed), std::vector<std::string>{"e1"});
}

TEST_P(OutboxSuite, AnEventOfAConnectionGoesToEachCallerOfItsUser) {
    add(event("c1", "user:ann", "", event_type::connection_connected));
    const auto claimed = turn().claimed;
    EXPECT_EQ(ids(claimed), (std::vector<std::string>{"c1", "c1"}));
}

TEST_P(OutboxSuite, WhatNobodyTakesForTheWholeTimeIsGivenUpAndTheNextIsFreed) {
    add(event("e1"));
    const auto first = turn().claimed;
    turn({end_of(first[0], again, 71 * hour)});
    pass(72 * hour - milliseconds{1'000});
    add(event("e2"));
    EXPECT_EQ(ids(turn().claimed), std::vector<std::string>{"e1"});
    pass(hour);
    const auto later = turn();
    ASSERT_EQ(later.given_up.size(), 1U);
    EXPECT_EQ(later.given_up[0].event, "e1");
    EXPECT_EQ(ids(later.claimed), std::vector<std::string>{"e2"});
}

TEST_P(OutboxSuite, AReceiverThatAnswers410IsSentNothingMoreUntilItHasAnotherUrl) {
    add(event("e1"));
    add(event("f1", "a2"));
    auto claimed = turn().claimed;
    ASSERT_EQ(claimed.size(), 2U);
    add(event("e2"));
    const auto after = turn({end_of(claimed[0], ended)});
    EXPECT_TRUE(after.claimed.empty());
    EXPECT_FALSE(after.ended.empty()) << "what waited is dropped";
    EXPECT_TRUE(run(at->outbox.has_ended(caller("shop"), "u1", soon())));
    EXPECT_FALSE(run(at->outbox.has_ended(caller("shop"), "u2", soon())));
    pass(milliseconds{1'000});
    add(event("e3"));
    const auto later = turn();
    EXPECT_TRUE(later.claimed.empty());
    ASSERT_EQ(later.ended.size(), 1U) << "and counted";
    EXPECT_TRUE(later.ended[0].is_later);
    EXPECT_FALSE(after.ended[0].is_later);
    EXPECT_FALSE(run(at->outbox.oldest_undelivered(soon())));
    add(event("e4"));
    EXPECT_EQ(ids(turn({}, 10, "u2").claimed), std::vector<std::string>{"e4"});
}

TEST_P(OutboxSuite, A410OfAnOldUrlTakesNothingFromAReplicaThatHasTheNewOne) {
    add(event("e1"));
    add(event("e2"));
    const auto by_old = replica_turn("u1").claimed;
    ASSERT_EQ(ids(by_old), std::vector<std::string>{"e1"});
    const auto after = replica_turn("u1", {end_of(by_old[0], ended)});
    EXPECT_TRUE(after.claimed.empty()) << "its URL is sent nothing more";
    EXPECT_TRUE(after.ended.empty()) << "others are asked first";
    const auto first = replica_turn("u2").claimed;
    ASSERT_EQ(ids(first), std::vector<std::string>{"e1"}) << "also what was answered 410";
    const auto second = replica_turn("u2", {end_of(first[0], taken)}).claimed;
    ASSERT_EQ(ids(second), std::vector<std::string>{"e2"});
    EXPECT_TRUE(replica_turn("u2", {end_of(second[0], taken)}).claimed.empty());
    for (int more = 0; more < 6; ++more) { // longer than one word of it is believed
        pass(hour / 3);
        add(event("f" + std::to_string(more)));
        const auto old = replica_turn("u1");
        EXPECT_TRUE(old.claimed.empty() && old.ended.empty()) << "the old settings judge only their own URL";
        const auto got = replica_turn("u2").claimed;
        ASSERT_EQ(got.size(), 1U);
        EXPECT_TRUE(replica_turn("u2", {end_of(got[0], taken)}).claimed.empty());
    }
}

TEST_P(OutboxSuite, WhatWaitsForAUrlThatEndedIsDroppedWhenNoReplicaHasAnother) {
    add(event("e1"));
    const auto claimed = replica_turn("u1").claimed;
    replica_turn("u1", {end_of(claimed[0], ended)});
    pass(milliseconds{40'001});
    EXPECT_EQ(replica_turn("u1").ended.size(), 1U) << "nobody has spoken";
    replica_turn("u2");
    add(event("e2"));
    pass(hour / 2);
    EXPECT_TRUE(replica_turn("u1").ended.empty());
    pass(hour / 2 + milliseconds{1});
    const auto dropped = replica_turn("u1").ended;
    ASSERT_EQ(dropped.size(), 1U) << "the settings went back to the URL that has ended";
    EXPECT_EQ(dropped[0].event, "e2");
    EXPECT_FALSE(run(at->outbox.oldest_undelivered(soon())));
}

TEST_P(OutboxSuite, WhatWaitsIsDroppedWhenAllUrlsThatReplicasHaveHaveEnded) {
    for (const std::string url : {"u1", "u2"}) {
        add(event("of " + url, url));
        std::vector<delivery_end> ends;
        for (const auto& one : replica_turn(url).claimed) {
            ends.push_back(end_of(one, ended));
            ends.back().url_hash = url;
        }
        ASSERT_FALSE(ends.empty());
        replica_turn(url, std::move(ends));
    }
    pass(hour + milliseconds{1});
    add(event("e3"));
    EXPECT_EQ(replica_turn("u1").ended.size(), 3U);
    EXPECT_FALSE(run(at->outbox.oldest_undelivered(soon())));
}

TEST_P(OutboxSuite, A410OfAUrlThatThisReplicaHasReplacedIsNoneOfTheNewOne) {
    add(event("e1"));
    const auto claimed = turn().claimed;
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(ids(turn({end_of(claimed[0], ended)}, 10, "u2").claimed), std::vector<std::string>{"e1"});
}

TEST_P(OutboxSuite, OfEachCallerAFewUrlsThatEndedAreRemembered) {
    for (int number = 0; number < 12; ++number) {
        const auto url = "u" + std::to_string(number);
        add(event("e" + url, url));
        auto claimed = turn({}, 10, url).claimed;
        ASSERT_EQ(claimed.size(), 1U);
        auto end = end_of(claimed[0], ended);
        end.url_hash = url;
        turn({end}, 10, url);
        pass(milliseconds{1'000});
    }
    EXPECT_EQ(count(statement("SELECT count(*) FROM webhook_ends")), 8U);
    EXPECT_TRUE(run(at->outbox.has_ended(caller("shop"), "u11", soon())));
    EXPECT_FALSE(run(at->outbox.has_ended(caller("shop"), "u0", soon())));
}

TEST_P(OutboxSuite, WhatIsLeftOfAReceiverThatEndedGoesToItsNextUrlToTheLast) {
    constexpr int subjects = 120; // more than one turn drops
    for (int number = 0; number < subjects; ++number)
        for (const char* which : {"first", "second"})
            add(event(which + std::to_string(number), "a" + std::to_string(number)));
    std::vector<delivery> claimed = turn({}, 1).claimed;
    ASSERT_EQ(claimed.size(), 1U);
    while (turn({}, 0).has_more) {
    }
    EXPECT_TRUE(turn({end_of(claimed[0], ended)}, 0).has_more);
    std::size_t taken_there = 0;
    for (claimed = turn({}, 10, "u2").claimed; !claimed.empty();) {
        std::vector<delivery_end> ends;
        for (const auto& one : claimed)
            ends.push_back(end_of(one, taken));
        taken_there += ends.size();
        claimed = turn(std::move(ends), 10, "u2").claimed;
    }
    EXPECT_GT(taken_there, 0U);
    EXPECT_EQ(count(statement("SELECT count(*) FROM webhook_deliveries")), 0U);
}

TEST_P(OutboxSuite, RedeliveryQueuesTheCallersOwnOnceUnderTheSameIdAndBody) {
    add(event("e1"));
    add(event("e2"));
    add(event("o1", "a9", "other"));
    add(event("c1", "user:ann", "", event_type::connection_revoked));
    auto claimed = turn().claimed;
    while (!claimed.empty()) {
        std::vector<delivery_end> ends;
        for (const auto& one : claimed)
            ends.push_back(end_of(one, taken));
        claimed = turn(std::move(ends)).claimed;
    }
    const auto what = redelivery_of("a*", at_second(2));
    EXPECT_EQ(run(at->outbox.redeliver(what, soon())).queued, 3U);
    const auto twice = run(at->outbox.redeliver(what, soon()));
    EXPECT_EQ(twice.queued, 0U) << "they wait already";
    EXPECT_FALSE(twice.next_since);
    const auto again_claimed = turn().claimed;
    ASSERT_EQ(ids(again_claimed), (std::vector<std::string>{"c1", "e1"})) << "in order";
    for (const auto& one : again_claimed)
        EXPECT_EQ(one.body, R"({"of":")" + one.event + R"("})");
    auto others = what;
    others.caller = caller("other");
    others.users = {"bob"};
    EXPECT_EQ(run(at->outbox.redeliver(others, soon())).queued, 1U) << "its post, but not ann's connection";
    others.types = {event_type::post_failed};
    EXPECT_EQ(run(at->outbox.redeliver(others, soon())).queued, 0U);
    others.types.clear();
    others.since = at_second(1) + milliseconds{1};
    EXPECT_EQ(run(at->outbox.redeliver(others, soon())).queued, 0U);
}

TEST_P(OutboxSuite, WhoeverGoesOnWithNextSinceGetsEachEventOnceHoweverManyOneInstantHas) {
    // Three in each millisecond of a tenth of a second, and 250 in the next millisecond; some of connections.
    statement many(
        "INSERT INTO webhook_events (event_id, caller, user_id, subject, type, body, created_at, "
        "distributed) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 549) "
        "SELECT 'e' || i, CASE WHEN i % 5 = 0 THEN '' ELSE 'shop' END, 'ann', 's' || i, "
        "'post.failed', '{}', CAST($1 AS BIGINT) + CASE WHEN i < 300 THEN i / 3 ELSE 100 END, 1 "
        "FROM n",
        at_second(5));
    execute(std::move(many));
    auto what = redelivery_of("ann", at_second(6));
    what.looked_at_max = 200;
    std::uint64_t queued = 0, calls = 0;
    for (bool has_more = true; has_more && calls < 10; ++calls) {
        const auto got = run(at->outbox.redeliver(what, soon()));
        queued += got.queued;
        has_more = got.next_since.has_value();
        if (has_more) {
            EXPECT_GT(*got.next_since, what.since);
            what.since = *got.next_since;
        }
        execute(statement("DELETE FROM webhook_deliveries")); // all are taken meanwhile
    }
    EXPECT_EQ(queued, 550U);
    EXPECT_LE(calls, 3U) << "200 and the rest of their instant, all the others, nothing";
}

TEST_P(OutboxSuite, AnEventIsSweptWhenItCannotBeAskedForAnyMore) {
    add(event("e1"));
    const auto swept = [this] { run(at->upkeep.sweep(wall_now() + 365 * 24 * hour, soon())); };
    swept();
    EXPECT_EQ(events(), 1U) << "not before it was distributed";
    const auto claimed = turn().claimed;
    turn({end_of(claimed[0], taken)});
    swept();
    EXPECT_EQ(events(), 0U);
}

TEST_P(OutboxSuite, I04AStatusAndItsEventAreWrittenTogetherAndOnce) {
    auto post = begun_post();
    run(at->ledger.begin(post, soon()));
    const auto update = told(post, "PUBLISH_COMPLETE", event("e1"));
    EXPECT_EQ(run(at->ledger.apply_status(update, soon())), store::update_result::applied);
    auto other = update;
    other.event->id = "e2";
    EXPECT_EQ(run(at->ledger.apply_status(other, soon())), store::update_result::conflict)
        << "another replica had seen the same end";
    EXPECT_EQ(events(), 1U);
}

TEST_P(FailingOutboxSuite, I04AStatusWhoseEventCannotBeWrittenIsNotWritten) {
    auto post = begun_post();
    run(at->ledger.begin(post, soon()));
    const auto update = told(post, "PUBLISH_COMPLETE", event("e1"));
    EXPECT_EQ(run(at->ledger.apply_status(update, soon())), store::update_result::applied);
    auto taken_id = told(post, "FAILED", event("e1"));
    taken_id.seen_status = "PUBLISH_COMPLETE";
    taken_id.seen_ended_at = update.ended_at;
    EXPECT_FALSE(run_on(loop, at->ledger.apply_status(taken_id, soon())));
    EXPECT_EQ(run(at->ledger.find_attempt("a1", soon()))->status, "PUBLISH_COMPLETE");
}

TEST_P(OutboxSuite, I04AnEndOfOursIsToldOnlyIfItEndsTheRow) {
    auto post = begun_post();
    run(at->ledger.begin(post, soon()));
    post.state = store::post_state::outcome_unknown;
    EXPECT_TRUE(run(at->ledger.update(post, soon(), store::durable::now, event("e1"))));
    EXPECT_TRUE(run(at->ledger.update(post, soon(), store::durable::now, event("e2"))));
    EXPECT_EQ(bodies(), std::vector<std::string>{R"({"of":"e1"})"});
    auto second = begun_post();
    second.attempt = "a2";
    run(at->ledger.begin(second, soon()));
    auto by_tiktok = told(second, "PUBLISH_COMPLETE", event("e3", "a2"));
    run(at->ledger.apply_status(by_tiktok, soon()));
    second.state = store::post_state::settled;
    second.status = "FAILED";
    EXPECT_TRUE(run(at->ledger.update(second, soon(), store::durable::now, event("e4", "a2"))));
    EXPECT_EQ(events(), 2U) << "TikTok's word was first";
}

TEST_P(OutboxSuite, AConnectionTellsEachChangeThatACallerSees) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    ASSERT_TRUE(put(connection("ann", 2), 1)); // the same account and scopes: nothing is new
    EXPECT_EQ(types(), std::vector<std::string>{"connection.connected"});
    using enum store::connection_state;
    run(at->connections.set_state(user("ann"), 2, refresh_in_doubt, "rotation_response_lost", at_second(3),
                                  soon()));
    EXPECT_EQ(events(), 1U) << "a doubt is ours";
    for (int twice = 0; twice < 2; ++twice)
        run(at->connections.set_state(user("ann"), 2, reconnect_required, "refresh_token_invalid",
                                      at_second(4), soon()));
    run(at->connections.set_state(user("ann"), 1, reconnect_required, "refresh_token_invalid", at_second(4),
                                  soon()));
    ASSERT_TRUE(put(connection("ann", 3), 2));
    auto more = connection("ann", 4);
    more.scopes += ",video.upload";
    ASSERT_TRUE(put(more, 3));
    EXPECT_EQ(revoke("open-ann", at_second(5)).size(), 1U);
    forget("ann");
    EXPECT_EQ(types(), (std::vector<std::string>{"connection.connected", "connection.reconnect_required",
                                                 "connection.connected", "connection.connected",
                                                 "connection.revoked"}))
        << "whoever was revoked by TikTok is not told again when it is forgotten";
    EXPECT_EQ(
        bodies()[4],
        R"({"type":"connection.revoked","timestamp":")" + rfc3339(at_second(5))
            + R"(","data":{"user_id":"ann","open_id":"open-ann","state":"revoked","cause":"user_disconnected"}})");
    ASSERT_TRUE(put(connection("bob", 5), 0));
    forget("bob");
    EXPECT_EQ(types().back(), "connection.revoked");
    EXPECT_NE(bodies().back().find(R"("cause":"disconnected")"), std::string::npos);
    EXPECT_EQ(events(), 7U);
}

TEST_P(OutboxSuite, ARefreshThatBringsAConnectionBackTellsIt) {
    ASSERT_TRUE(put(connection("ann", 1), 0));
    run(at->connections.set_state(user("ann"), 1, store::connection_state::reconnect_required,
                                  "refresh_token_invalid", at_second(2), soon()));
    const auto lease = take("ann", at_second(3));
    ASSERT_TRUE(lease);
    run(at->refreshes.finish(*lease, connection("ann", 2), 1, soon()));
    run(at->refreshes.finish(*lease, connection("ann", 3), 2, soon()));
    EXPECT_EQ(types(), (std::vector<std::string>{"connection.connected", "connection.reconnect_required",
                                                 "connection.connected"}));
}

} // namespace gateway::testing
