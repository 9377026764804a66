// Changes of keys while the vault serves, and values that were sealed under old ones.
#include "store/logins.hpp"
#include "unit/store/watching_engine.hpp"
#include "unit/vault/vault_fixture.hpp"
#include "vault/key_uses.hpp"
#include "vault/sealing.hpp"

namespace gateway::testing {

class KeyChange : public vault_fixture {
protected:
    void change_good(const std::string& ids) {
        const auto changed = run_on(loop, vault->change_keys(ring_of(ids), soon()));
        ASSERT_TRUE(changed) << changed.error().message();
    }
    vault::reseal_step step(const std::string& key, const std::string& cursor) {
        auto out = run_on(loop, vault->reseal(key, cursor, soon()));
        if (!out) throw std::runtime_error(out.error().message());
        return *out;
    }
    /// All pages; gives how many pairs were moved.
    std::uint64_t reseal_all(const std::string& key) {
        std::uint64_t moved = 0;
        std::string cursor;
        do {
            auto page = step(key, cursor);
            moved += page.resealed;
            cursor = page.next;
        } while (!cursor.empty());
        return moved;
    }
    /// As another replica, which has a newer key.
    void move_all_from_a(vault::token_vault& newer) {
        ASSERT_TRUE(run_on(loop, newer.check_keys(soon())));
        std::string cursor;
        do
            cursor = run_on(loop, newer.reseal("a", cursor, soon()))->next;
        while (!cursor.empty());
    }
    void expect_under_a_key_of_others(const std::string& name) {
        const auto there = run_on(loop, vault->load_again(user_id::trusted(name), soon()));
        ASSERT_FALSE(there);
        EXPECT_EQ(there.error().code(), errc::vault_unavailable);
        EXPECT_EQ(vault->counts().damaged, 0U);
        EXPECT_EQ(vault->counts().unknown_key, 1U);
    }
    std::string access(const std::string& name) { return std::string((**load(name)).access_token.reveal()); }
};

TEST_F(KeyChange, V07ANewKeySealsAtOnceAndThePairsMoveWithAllThatWasKept) {
    grant("ann", pair("1"));
    grant("ann", pair("2"));
    grant("bob", pair("3"));
    EXPECT_EQ(under("a"), 3U);
    change_good("ab");
    grant("cid", pair("4"));
    EXPECT_EQ(under("b"), 1U);
    EXPECT_EQ(reseal_all("a"), 3U);
    EXPECT_EQ(under("a"), 0U);
    start_good("b");
    EXPECT_EQ(access("ann"), "act.2");
    EXPECT_EQ(access("bob"), "act.3");
    tamper("UPDATE connections SET sealed_tokens = x'0101616161' WHERE user_id = 'ann'");
    start_good("b");
    EXPECT_EQ(access("ann"), "act.1") << "the kept pair is under its own name and the new key";
}

TEST_F(KeyChange, V07ARingThatLacksAKeyInUseIsRefusedAndTheOldOneServesOn) {
    grant("ann", pair("1"));
    EXPECT_FALSE(run_on(loop, vault->change_keys(ring_of("b"), soon())));
    auto other = *vault::key_ring::parse("a:" + to_base64(std::string(32, 'x')));
    EXPECT_FALSE(run_on(loop, vault->change_keys(std::move(other), soon()))) << "the same id, another key";
    grant("bob", pair("2"));
    EXPECT_EQ(under("a"), 2U);
    EXPECT_TRUE(run_on(loop, vault->load_again(user_id::trusted("ann"), soon())));
    start_good("a");
}

TEST_F(KeyChange, V07AKeyThatWentStillOpensWhatWasOnItsWay) {
    store::oauth_state_record login;
    login.state_hash = "hash";
    login.sealed_verifier = *run_on(loop, vault->seal_login(login, secret{"verifier"}, soon()));
    change_good("b");
    EXPECT_EQ((*run_on(loop, vault->open_login(login, soon())))->reveal(), "verifier");
    EXPECT_EQ(vault->newest_key().id, "b");
    EXPECT_EQ(vault->older_keys(), std::vector<std::string>{"a"});
}

TEST_F(KeyChange, V07KilledAfterAnyRecordEveryUserIsReadableAndTheRestGoesOn) {
    constexpr int users = 6;
    for (int killed_after = 0; killed_after <= users; ++killed_after) {
        start_good("ab");
        run_on(loop, vault->change_keys(ring_of("ba"), soon())); // everything is sealed under a again
        for (int i = 0; i < users; ++i)
            grant("user" + std::to_string(i), pair(std::to_string(i)));
        run_on(loop, records->upkeep.sweep(wall_now() + std::chrono::hours{24 * 8}, soon()));
        reseal_all("b");
        start_good("ab");
        ASSERT_EQ(under("a"), users);
        // One record at a time, until the process ends.
        auto page = *run_on(loop, records->sealed.list_with(vault::key_mark("a"), "", 100, soon()));
        for (int i = 0; i < killed_after; ++i) {
            auto& row = page.rows[static_cast<std::size_t>(i)];
            const vault::record_name name{"tokens", row.owner, row.version, row.app};
            const auto plain = vault::open(ring_of("ab"), name, row.sealed);
            std::vector<store::resealed_record> one(1);
            one[0].sealed_anew = vault::seal(ring_of("ab"), name, plain->reveal());
            one[0].seen = row;
            ASSERT_EQ(*run_on(loop, records->sealed.replace(std::move(one), soon())), 1U);
        }
        start_good("ab");
        for (int i = 0; i < users; ++i)
            EXPECT_EQ(access("user" + std::to_string(i)), "act." + std::to_string(i)) << killed_after;
        EXPECT_EQ(reseal_all("a"), static_cast<std::uint64_t>(users - killed_after));
        EXPECT_EQ(under("a"), 0U);
    }
}

TEST_F(KeyChange, V07APairThatWasReplacedMeanwhileIsLeftAlone) {
    grant("ann", pair("1"));
    const auto page = *run_on(loop, records->sealed.list_with(vault::key_mark("a"), "", 100, soon()));
    ASSERT_EQ(page.rows.size(), 1U);
    grant("ann", pair("2")); // the first pair is now the previous one
    std::vector<store::resealed_record> late(1);
    late[0] = {page.rows[0], "anew"};
    EXPECT_EQ(*run_on(loop, records->sealed.replace(std::move(late), soon())), 1U);
    EXPECT_EQ(access("ann"), "act.2");
    const auto kept = *run_on(loop, records->connections.kept_tokens(user_id::trusted("ann"), soon()));
    EXPECT_EQ(kept[0].sealed_tokens, "anew");
    std::vector<store::resealed_record> gone(1);
    gone[0] = {page.rows[0], "once more"};
    EXPECT_EQ(*run_on(loop, records->sealed.replace(std::move(gone), soon())), 0U);
}

TEST_F(KeyChange, V07MoreRecordsThanAPageHoldAllMoveAndDamagedOnesStay) {
    for (int i = 0; i < 450; ++i)
        grant_other("user" + std::to_string(i));
    tamper(
        "UPDATE connections SET sealed_tokens = CAST(sealed_tokens || x'00' AS BLOB) WHERE user_id = "
        "'user7'");
    start_good("ab");
    EXPECT_EQ(reseal_all("a"), 449U);
    EXPECT_EQ(under("a"), 1U);
    EXPECT_EQ(reseal_all("a"), 0U) << "a damaged record stops nobody";
    start("b");
    EXPECT_FALSE(checked);
}

TEST_F(KeyChange, V07AuditJAStartWithoutAnOldKeyReadsEachPageWithADeadlineOfItsOwn) {
    start_good("ab"); // nothing is sealed under a, which the store knows
    auto watching = std::make_unique<watching_engine>(records->on());
    auto& seen = watching->upkeep_deadlines;
    store::store slow(std::move(watching));
    {
        auto next = vault_on(slow, ring_of("b"));
        ASSERT_TRUE(run_on(loop, next.check_keys(soon())));
    }
    ASSERT_GE(seen.size(), 7U) << "each table";
    for (std::size_t i = 1; i < seen.size(); ++i)
        EXPECT_LT(seen[i - 1], seen[i]) << i;
}

TEST_F(KeyChange, V07AuditJWhetherAKeyIsNeededIsKnownAtTheFirstValueUnderIt) {
    grant("ann", pair("1"));
    auto watching = std::make_unique<watching_engine>(records->on());
    const auto& seen = watching->upkeep_deadlines;
    store::store slow(std::move(watching));
    auto next = vault_on(slow, ring_of("b"));
    const auto refused = run_on(loop, next.check_keys(soon()));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("under the key a, which the key ring lacks"), std::string::npos);
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_TRUE(run_on(loop, vault->look_under("a", "", soon()))->found);
    EXPECT_FALSE(run_on(loop, vault->look_under("b", "", soon()))->found);
}

TEST_F(KeyChange, ARecordUnderAKeyOfAnotherReplicaIsNotCalledDamaged) {
    grant("ann", pair("1"));
    auto newer = vault_on(*records, ring_of("ab"));
    move_all_from_a(newer);
    expect_under_a_key_of_others("ann");
    change_good("ab");
    EXPECT_EQ(access("ann"), "act.1");
}

TEST_F(KeyChange, APairThatWaitsUnderAKeyOfAnotherReplicaIsNotCalledDamagedOrOfAnotherApp) {
    grant("ann", pair("1"));
    auto newer = vault_on(*records, ring_of("ab"), "app-b");
    ASSERT_TRUE(run_on(loop, newer.check_keys(soon())));
    ASSERT_TRUE(run_on(loop, newer.save_grant(user_id::trusted("ann"), pair("2"),
                                              vault::account_change::allowed, {}, wall_now(), soon())));
    move_all_from_a(newer);
    expect_under_a_key_of_others("ann");
    change_good("ab");
    EXPECT_EQ(access("ann"), "act.1");
}

TEST_F(KeyChange, V08UsesAreCountedOverRestartsAndNeverTooFew) {
    constexpr std::uint64_t batch = vault::key_uses::batch;
    EXPECT_EQ(vault->newest_key().uses, 0U);
    for (int i = 0; i < 10; ++i)
        grant("ann", pair("1"));
    EXPECT_EQ(vault->newest_key().uses, 10U);
    start_good("a");
    EXPECT_GE(vault->newest_key().uses, 10U);
    EXPECT_LE(vault->newest_key().uses, 10 + batch);
    for (std::uint64_t i = 0; i < batch + 10; ++i)
        ASSERT_TRUE(run_on(loop, vault->seal_login({}, secret{"v"}, soon())));
    EXPECT_GE(vault->newest_key().uses, batch + 20);
    start_good("ab");
    EXPECT_EQ(vault->newest_key().uses, 0U) << "a key of its own";
}

} // namespace gateway::testing
