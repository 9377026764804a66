// What allows a new grant (a login that was taken, a waiting grant that is confirmed) is used up with it,
// once, and not after it was ended.
#include "unit/store/account_records.hpp"
#include "unit/store/login_records.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {
namespace {

using end_kind = store::grant_end::kind;
constexpr seconds reserved_for{60};

store::pending_grant_record grant_of(const std::string& hash, const std::string& state_hash) {
    auto out = waiting_grant(hash);
    out.state_hash = state_hash;
    return out;
}

store::grant_permit of_login(const std::string& state_hash) {
    store::grant_permit out;
    out.state_hash = state_hash;
    return out;
}

store::grant_permit of_grant(const store::pending_grant_record& claimed) {
    store::grant_permit out;
    out.claimed = claimed;
    return out;
}

/// Ann's part of a store.
struct ann_in {
    store::store& at;
    worker& loop;

    template <class T>
    T run(task<result<T>> call) const {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        return std::move(*out);
    }
    std::optional<store::pending_grant_record> try_claim(const std::string& hash) const {
        return run(at.pending.claim(hash, caller("shop"), user("ann"), at_second(1), reserved_for, soon()));
    }
    store::pending_grant_record claim(const std::string& hash) const {
        auto claimed = try_claim(hash);
        if (!claimed) throw std::runtime_error("it cannot be claimed");
        return std::move(*claimed);
    }
    std::optional<store::connection_record> there() const {
        return run(at.connections.find(user("ann"), soon()));
    }
    store::grant_end put(std::uint64_t version, const store::grant_permit& permit) const {
        const std::uint64_t expected = there() ? version - 1 : 0;
        return run(at.connections.put(holder("ann", version), expected, permit, soon()));
    }
    void expect_gone(const store::grant_permit& permit) const {
        expect_refused(permit, end_kind::permit_gone);
    }
    void expect_refused(const store::grant_permit& permit, end_kind why) const {
        const auto before = there();
        const auto end = put(before ? before->version + 1 : 1'000, permit);
        EXPECT_EQ(end.what, why);
        ASSERT_EQ(there().has_value(), before.has_value());
        EXPECT_EQ(there().value_or(connection("", 0)).version, before.value_or(connection("", 0)).version);
    }
    void take_login(const std::string& hash, int second = 1) const {
        ASSERT_TRUE(run_on(loop, at.logins.put(begun_login(hash), soon())));
        ASSERT_TRUE(run(at.logins.take(hash, at_second(second), soon())));
    }
    /// As a DELETE does it.
    void disconnect() const {
        store::leaving_user seen;
        seen.user = user("ann");
        if (const auto connected = there()) {
            seen.version = connected->version;
            seen.pair.account = connected->account;
            seen.running_app = seen.pair.app = connected->app;
        }
        run(at.connections.end(seen, at_second(2), soon()));
        EXPECT_FALSE(there());
    }
    bool is_due(int second) const { return !run(at.pending.due(at_second(second), 10, soon())).empty(); }
};

} // namespace

TEST_P(StoreSuite, AuditAAConfirmationIsUsedUpInTheTransactionThatConnects) {
    const ann_in ann{*at, loop};
    run(at->pending.put(waiting_grant("h1"), soon()));
    const auto claimed = ann.claim("h1");
    ann.expect_gone(of_grant(waiting_grant("h1"))); // it was not reserved then
    ASSERT_TRUE(ann.put(1, of_grant(claimed)));
    GetParam().pass_time(folder, reserved_for + seconds{1});
    EXPECT_FALSE(ann.try_claim("h1")) << "also if whoever stored it has died at once";
    EXPECT_FALSE(ann.is_due(3'600));
    run(at->pending.give_back(claimed, soon()));
    ann.expect_gone(of_grant(claimed));
}

TEST_P(StoreSuite, AuditAWhatIsRefusedForAnotherReasonIsNotUsedUp) {
    const ann_in ann{*at, loop};
    run(at->pending.put(waiting_grant("h1"), soon()));
    ann.take_login("s1");
    const auto claimed = ann.claim("h1");
    for (const auto& permit : {of_grant(claimed), of_login("s1")}) {
        const auto slower = run(at->connections.put(holder("ann", 8), 7, permit, soon()));
        EXPECT_EQ(slower.what, end_kind::changed);
    }
    ASSERT_TRUE(ann.put(1, of_grant(claimed)));
    ASSERT_TRUE(ann.put(2, of_login("s1")));
    for (int i = 0; i < 50; ++i) {
        auto other = connection("user" + std::to_string(i), 1);
        other.account = open_id::trusted("open-full");
        ASSERT_TRUE(put(other, 0));
    }
    auto full = waiting_grant("h2");
    full.account = open_id::trusted("open-full");
    run(at->pending.put(full, soon()));
    auto record = holder("ann", 3);
    record.account = full.account;
    const auto again = ann.claim("h2");
    EXPECT_EQ(run(at->connections.put(record, 2, of_grant(again), soon())).what, end_kind::account_full);
    run(at->pending.give_back(again, soon()));
    EXPECT_TRUE(ann.try_claim("h2"));
}

TEST_P(StoreSuite, AuditAWhatWasEndedAfterItsClaimConnectsNobody) {
    const ann_in ann{*at, loop};
    using claimed_grant = store::pending_grant_record;
    const std::vector<std::pair<std::string, std::function<void(const claimed_grant&)>>> ends{
        {"a DELETE", [&](const auto&) { ann.disconnect(); }},
        {"a removal at TikTok",
         [&](const auto& of) { run(at->pending.drop_of_account(of.account, "app", at_second(2), soon())); }},
        {"given up", [&](const auto& of) { run(at->pending.drop(of.confirmation_hash, soon())); }},
        {"given back", [&](const auto& of) { run(at->pending.give_back(of, soon())); }},
        {"another confirmation, after its time", [&](const auto& of) {
             GetParam().pass_time(folder, reserved_for + seconds{1});
             ann.claim(of.confirmation_hash);
         }}};
    for (const auto& [what, end] : ends) {
        SCOPED_TRACE(what);
        run(at->pending.put(waiting_grant(what), soon()));
        const auto claimed = ann.claim(what);
        end(claimed);
        ann.expect_gone(of_grant(claimed));
    }
    ASSERT_TRUE(ann.put(9, {}));
    run(at->pending.put(waiting_grant("of a user who is connected"), soon()));
    const auto claimed = ann.claim("of a user who is connected");
    ann.disconnect();
    ann.expect_gone(of_grant(claimed));
}

TEST_P(StoreSuite, AuditAAGrantWhoseUserWasDisconnectedIsNotClaimedByAClockThatIsBehind) {
    const ann_in ann{*at, loop};
    auto ahead = waiting_grant("h1");
    ahead.created_at = at_second(30);
    run(at->pending.put(ahead, soon()));
    ann.disconnect();
    EXPECT_FALSE(ann.try_claim("h1"));
}

TEST_P(StoreSuite, AuditAReservationsGoByTheClockOfTheDatabase) {
    const ann_in ann{*at, loop};
    run(at->pending.put(waiting_grant("h1"), soon()));
    const auto claimed = ann.claim("h1");
    EXPECT_FALSE(ann.is_due(86'400)) << "for a replica whose clock is far ahead";
    EXPECT_TRUE(ann.put(1, of_grant(claimed)));
    run(at->pending.put(waiting_grant("h2"), soon()));
    ann.claim("h2");
    EXPECT_FALSE(ann.try_claim("h2"));
    GetParam().pass_time(folder, reserved_for + seconds{1});
    EXPECT_FALSE(ann.is_due(599)) << "it waits again";
    EXPECT_TRUE(ann.is_due(600)) << "whoever confirmed it has died";
    EXPECT_TRUE(ann.try_claim("h2"));
}

TEST_P(StoreSuite, AuditALoginIsUsedUpByItsGrantOnceAndNotAfterADisconnect) {
    const ann_in ann{*at, loop};
    run(at->logins.put(begun_login("s0"), soon()));
    ann.expect_gone(of_login("s0")); // nobody has taken it
    ann.take_login("s1");
    ASSERT_TRUE(ann.put(1, of_login("s1")));
    ann.expect_gone(of_login("s1"));
    EXPECT_EQ(run(at->logins.find("s1", at_second(1), soon()))->progress, store::login_progress::stored);
    ann.take_login("s2");
    ann.disconnect();
    ann.expect_gone(of_login("s2"));
    ann.expect_gone(of_login("made up"));
}

TEST_P(StoreSuite, AuditAAGrantWaitsOnlyIfItsLoginWasNotEnded) {
    const ann_in ann{*at, loop};
    run(at->logins.put(begun_login("s0"), soon()));
    EXPECT_FALSE(run(at->pending.put(grant_of("h0", "s0"), soon()))) << "nobody has taken it";
    ann.take_login("s1");
    EXPECT_TRUE(run(at->pending.put(grant_of("h1", "s1"), soon())));
    EXPECT_EQ(ann.claim("h1").state_hash, "s1");
    EXPECT_FALSE(run(at->pending.put(grant_of("h2", "s1"), soon()))) << "once";
    ann.take_login("s3");
    ann.disconnect();
    EXPECT_FALSE(run(at->pending.put(grant_of("h3", "s3"), soon())));
    EXPECT_FALSE(ann.try_claim("h3"));
}

TEST_P(StoreSuite, AuditAALoginThatWasTakenIsNotSweptUnderItsCallback) {
    const ann_in ann{*at, loop};
    ann.take_login("s1", 599);
    run(at->upkeep.sweep(at_second(690), soon()));
    EXPECT_TRUE(ann.put(1, of_login("s1"))) << "TikTok took its time, or a clock is ahead";
    run(at->upkeep.sweep(at_second(600 + 3'600), soon()));
    EXPECT_FALSE(run(at->logins.find("s1", at_second(1), soon())));
}

TEST_P(StoreSuite, AuditBAGrantWhoseCallerMayHaveItNoMoreIsRefusedInItsUnitAndUsesNothingUp) {
    const ann_in ann{*at, loop};
    run(at->pending.put(waiting_grant("h1"), soon()));
    ann.take_login("s1");
    const auto claimed = ann.claim("h1");
    for (auto permit : {of_grant(claimed), of_login("s1")}) {
        int asked = 0;
        permit.is_allowed = [&asked] {
            ++asked;
            return false;
        };
        ann.expect_refused(permit, end_kind::not_allowed);
        EXPECT_EQ(asked, 1);
        permit.is_allowed = [] { return true; };
        EXPECT_TRUE(ann.put(ann.there() ? 2 : 1, permit));
    }
}

TEST_P(StoreSuite, AuditAAReservedGrantIsToldFromOneThatIsNotThere) {
    const ann_in ann{*at, loop};
    const auto reserved = [&](const std::string& hash, const std::string& by = "shop",
                              const std::string& name = "ann", int second = 1) {
        return run(at->pending.reserved_for(hash, caller(by), user(name), at_second(second), soon()));
    };
    run(at->pending.put(waiting_grant("h1"), soon()));
    EXPECT_EQ(reserved("h1"), milliseconds{0}) << "it waits";
    ann.claim("h1");
    const auto left = reserved("h1");
    ASSERT_TRUE(left);
    EXPECT_GT(*left, milliseconds{0});
    EXPECT_LE(*left, reserved_for);
    EXPECT_FALSE(reserved("h2"));
    EXPECT_FALSE(reserved("h1", "other"));
    EXPECT_FALSE(reserved("h1", "shop", "bob"));
    EXPECT_FALSE(reserved("h1", "shop", "ann", 600));
    GetParam().pass_time(folder, reserved_for + seconds{1});
    EXPECT_EQ(reserved("h1"), milliseconds{0});
}

} // namespace gateway::testing
