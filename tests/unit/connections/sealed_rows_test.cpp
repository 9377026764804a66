// Somebody writes into the database: what was sealed for another place opens nowhere else, and a replica is
// not taken back to an older row (docs/promises.md V05).
#include "base/lists.hpp"
#include "unit/connections/accounts_fixture.hpp"

namespace gateway::testing {

using store::connection_state;

class SealedRows : public accounts_fixture {
protected:
    void put_back(const std::string& user) {
        change_rows("DELETE FROM connections WHERE user_id = '" + user + "'");
        change_rows("INSERT INTO connections SELECT * FROM seen WHERE user_id = '" + user + "'");
    }
    result<vault::shared_tokens> look(const std::string& user) {
        return run_on(loop, vault->load_again(user_id::trusted(user), soon()));
    }
    /// A login under another TikTok app, by another process on the same store.
    void connect_at(vault::token_vault& other, const std::string& user, const std::string& account) {
        auto fresh = pair(user + ".other");
        fresh.account = open_id::trusted(account);
        ASSERT_TRUE(run_on(loop, other.save_grant(user_id::trusted(user), std::move(fresh),
                                                  vault::account_change::allowed, {}, wall_now(), soon())));
    }
    /// Another process refreshes the user's pair; what it stored, null if it was not taken.
    vault::shared_tokens refresh_at(vault::token_vault& other, const std::string& user,
                                    const std::string& on_its_way = "", const std::string& scopes = "") {
        const auto from = *run_on(loop, other.load_again(user_id::trusted(user), soon()));
        const auto held =
            *run_on(loop, records->refreshes.take_lease(user_id::trusted(user), lease_length, soon()));
        EXPECT_EQ(*run_on(loop, records->refreshes.begin(*held, from->version, soon())),
                  store::refresh_begin::begun);
        if (!on_its_way.empty()) change_rows(on_its_way);
        auto fresh = pair(user + ".refreshed");
        fresh.account = from->account;
        fresh.scopes = scopes;
        const auto saved =
            run_on(loop, other.save_refreshed(*held, from, std::move(fresh), wall_now(), soon()));
        EXPECT_TRUE(saved);
        EXPECT_TRUE(run_on(loop, records->refreshes.release_lease(*held, soon())));
        return saved ? saved->tokens : nullptr;
    }
    /// The cached set of the user has to be confirmed with the store.
    void make_unsure(const std::string& user) {
        constexpr std::uint64_t another_version = 99;
        ASSERT_TRUE(run_on(loop, vault->set_state(user_id::trusted(user), another_version,
                                                  connection_state::connected, "", wall_now(), soon())));
    }
};

TEST_F(SealedRows, V05AuditCAReplicaThatHasSeenANewerVersionRefusesAnOlderRow) {
    std::string reported;
    vault->on_older_record([&reported](const user_id& user) { reported = user.text(); });
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-1");
    put_back("ann");
    const auto refused = look("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_EQ(vault->counts().older, 1U);
    EXPECT_EQ(reported, "ann");
    restart_as("app-key");
    EXPECT_TRUE(look("ann")) << "nothing outside of the database remembers the newer one";
    EXPECT_EQ(vault->counts().older, 0U);
}

TEST_F(SealedRows, V05AuditCANewGrantIsBelievedAfterAnOlderRowWasPutBack) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-1");
    connect("ann", "open-1");
    put_back("ann");
    ASSERT_FALSE(look("ann"));
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_TRUE(look("ann"));
    EXPECT_GT(show("ann")->version, 3U) << "no version is used twice";
}

TEST_F(SealedRows, V05AuditCARowThatWasGoneForAMomentIsStillRefusedWhenItIsOlder) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-1");
    change_rows("DELETE FROM connections");
    EXPECT_EQ(look("ann").error().code(), errc::user_not_connected);
    change_rows("INSERT INTO connections SELECT * FROM seen");
    EXPECT_EQ(look("ann").error().code(), errc::vault_unavailable);
    change_rows("DELETE FROM connections");
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_GT(show("ann")->version, 2U) << "no version is used twice";
    EXPECT_TRUE(disconnect("ann").revoked_at_tiktok);
    change_rows("INSERT INTO connections SELECT * FROM seen");
    EXPECT_EQ(look("ann").error().code(), errc::vault_unavailable) << "after the user was deleted, too";
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann");
}

TEST_F(SealedRows, V05AuditCAnOlderRowThatAnotherProcessHasCarriedToTheNewestVersionIsRefused) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-2");
    put_back("ann");
    auto other = vault_on(*records, ring_of("a")); // it has not seen the newer one
    const auto carried = refresh_at(other, "ann");
    ASSERT_TRUE(carried);
    EXPECT_EQ(carried->version, 2U);
    const auto refused = look("ann");
    ASSERT_FALSE(refused) << (**refused).account.text();
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_EQ(vault->counts().older, 1U);
    connect("ann", "open-2");
    EXPECT_EQ((**look("ann")).account.text(), "open-2") << "a new grant is believed";
}

TEST_F(SealedRows, V05AuditCAnOlderPairBesideOfTheNewestVersionAndAnotherAccountIsNotBroughtBack) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-2");
    put_back("ann");
    auto same_app = vault_on(*records, ring_of("a")), other_app = vault_on(*records, ring_of("a"), "app-b");
    ASSERT_TRUE(refresh_at(same_app, "ann"));
    connect_at(other_app, "ann", "open-b"); // and what was carried waits beside
    EXPECT_EQ(rows_of("other_app_connections", "app = 'app-key' AND version = 2"), 1U);
    const auto refused = look("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_EQ(rows_of("connections", "app = 'app-key'"), 0U);
}

TEST_F(SealedRows, V05AuditCARefreshSealsTheAccountThatWasOpenedAndNotTheRows) {
    connect("ann", "open-1");
    EXPECT_EQ(refresh_at(*vault, "ann", "UPDATE connections SET open_id = 'open-2'"), nullptr);
    EXPECT_EQ(rows_of("connections", "version = 1 AND open_id = 'open-2'"), 1U) << "not taken";
    restart_as("app-key");
    const auto there = look("ann");
    ASSERT_TRUE(there);
    EXPECT_TRUE((**there).access_token.empty()) << "nothing is sealed as the other account's";
    EXPECT_EQ((**there).cause, "sealed_record_damaged");
}

TEST_F(SealedRows, V05AuditCARefreshSealsTheScopesThatWereKnownBeforeAndNotTheRows) {
    connect("ann", "open-1");
    const auto kept = refresh_at(*vault, "ann", "UPDATE connections SET scopes = 'video.publish'");
    ASSERT_TRUE(kept);
    EXPECT_EQ(joined(kept->scopes()), "user.info.basic,video.list");
    const auto named = refresh_at(*vault, "ann", "", "user.info.basic");
    EXPECT_EQ(joined(named->scopes()), "user.info.basic") << "what TikTok names";
    EXPECT_EQ(rows_of("connections", "scopes = 'user.info.basic'"), 1U);
}

TEST_F(SealedRows, V05AuditCTheVersionOfARowWithoutASealLocksNobodyOut) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    for (const char* bytes : {"x''", "x'0101616161'"}) {
        SCOPED_TRACE(bytes);
        change_rows(std::string("UPDATE connections SET version = 9223372036854775807, sealed_tokens = ")
                    + bytes);
        const auto moment = look("ann");
        ASSERT_TRUE(moment);
        EXPECT_TRUE((**moment).access_token.empty());
        put_back("ann");
        const auto back = look("ann");
        ASSERT_TRUE(back) << "the user goes on";
        EXPECT_EQ((**back).access_token.reveal(), "act.ann");
    }
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_EQ(show("ann")->version, 2U);
    EXPECT_EQ(vault->counts().older, 0U);
    put_back("ann");
    EXPECT_FALSE(look("ann")) << "what was opened is remembered";
}

TEST_F(SealedRows, V05AuditCTheVersionOfAMendedRowIsNotRemembered) {
    connect("ann", "open-1");
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    change_rows("UPDATE connections SET version = 9223372036854775807, sealed_tokens = x'0101616161'");
    EXPECT_EQ((**look("ann")).access_token.reveal(), "act.ann") << "the pair before";
    put_back("ann");
    EXPECT_TRUE(look("ann"));
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann");
    EXPECT_EQ(show("ann")->version, 3U);
}

TEST_F(SealedRows, V05AuditCAnOlderPairBesideIsNeitherUsedNorSealedAnew) {
    connect("ann", "open-1");
    connect("bob", "open-2");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections WHERE user_id = 'ann'");
    connect("ann", "open-1");
    auto other = vault_on(*records, ring_of("a"), "app-b");
    connect_at(other, "bob", "open-b");
    change_rows("UPDATE connections SET app = 'app-b' WHERE user_id = 'ann'");
    change_rows(
        "INSERT INTO other_app_connections (user_id, app, open_id, scopes, state, cause, version, proof, "
        "sealed_tokens, access_expires_at, refresh_expires_at, connected_at, updated_at) SELECT user_id, "
        "app, "
        "open_id, scopes, state, cause, version, proof, sealed_tokens, access_expires_at, "
        "refresh_expires_at, connected_at, updated_at FROM seen");
    const auto refused = look("ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_EQ(vault->counts().older, 1U);
    ASSERT_TRUE(run_on(loop, vault->bring_back("", soon()))) << "the others' are brought back";
    EXPECT_EQ(rows_of("connections", "user_id = 'bob' AND app = 'app-key'"), 1U);
    EXPECT_EQ(rows_of("other_app_connections", "user_id = 'ann' AND app = 'app-key' AND version = 1"), 1U);
    EXPECT_EQ(rows_of("connections", "user_id = 'ann' AND app = 'app-b' AND version = 2"), 1U);
    connect("ann", "open-1");
    EXPECT_EQ(token_of("ann"), "act.ann") << "a new grant is believed";
    EXPECT_EQ(rows_of("other_app_connections", "user_id = 'ann' AND app = 'app-key'"), 0U);
}

TEST_F(SealedRows, V05AuditCAPairThatWasMovedAsideIsTheNewestOfItsAppHoweverOften) {
    connect("ann", "open-1");
    auto other = vault_on(*records, ring_of("a"), "app-b");
    connect_at(other, "ann", "open-b");
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ((**look("ann")).access_token.reveal(), "act.ann");
        const auto theirs = run_on(loop, other.load_again(user_id::trusted("ann"), soon()));
        ASSERT_TRUE(theirs);
        EXPECT_EQ((**theirs).access_token.reveal(), "act.ann.other");
    }
    EXPECT_EQ(vault->counts().older + other.counts().older, 0U);
}

TEST_F(SealedRows, V05AuditCADamagedPairIsNotMendedWithOneOfAnAccountOfBefore) {
    connect("ann", "open-1");
    connect("ann", "open-2");
    change_rows("UPDATE connections SET sealed_tokens = x'0101616161', open_id = 'open-1'");
    const auto there = look("ann");
    ASSERT_TRUE(there);
    EXPECT_TRUE((**there).access_token.empty());
    EXPECT_EQ((**there).state, connection_state::reconnect_required);
    EXPECT_EQ((**there).cause, "sealed_record_damaged");
    change_rows("UPDATE connections SET version = 7, state = 'connected', cause = ''");
    EXPECT_TRUE((**look("ann")).access_token.empty()) << "whatever version it says";
    connect("ann", "open-1");
    connect("ann", "open-1");
    change_rows("UPDATE connections SET sealed_tokens = x'0101616161'");
    EXPECT_EQ((**look("ann")).access_token.reveal(), "act.ann") << "of the same account";
    EXPECT_EQ((**look("ann")).state, connection_state::refresh_in_doubt);
}

TEST_F(SealedRows, V05AuditCAnOlderRowOfOneUserKeepsNobodyElseFromTheStore) {
    connect("ann", "open-1");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    connect("ann", "open-1");
    connect("bob", "open-2");
    put_back("ann");
    change_rows("UPDATE connections SET state = 'reconnect_required', cause = 'x' WHERE user_id = 'bob'");
    make_unsure("ann");
    make_unsure("bob");
    const auto refused = load("ann");
    ASSERT_FALSE(refused) << "older than what was seen, also if that is in memory";
    EXPECT_EQ(refused.error().code(), errc::vault_unavailable);
    EXPECT_EQ((**load("bob")).state, connection_state::reconnect_required) << "the store is there";
}

TEST_F(SealedRows, V05AuditCAPairOpensOnlyForItsUserAppVersionAndPurpose) {
    connect("ann", "open-1");
    connect("bob", "open-2");
    change_rows("CREATE TABLE seen AS SELECT * FROM connections");
    const std::string pair_of_bob = "sealed_tokens = (SELECT sealed_tokens FROM seen WHERE user_id = 'bob')";
    for (const std::string& change :
         {pair_of_bob, pair_of_bob + ", open_id = 'open-2'", std::string("version = 7"),
          std::string("app = ''"),
          std::string("app = '', sealed_tokens = CAST(x'01' || substr(sealed_tokens, 2) AS BLOB)"),
          std::string("open_id = 'open-2'")}) {
        for (const bool live : {true, false}) {
            SCOPED_TRACE(change + (live ? " live" : " over a restart"));
            restart_as("app-key"); // forgets what it has seen
            put_back("ann");
            if (live) {
                EXPECT_TRUE(look("ann"));
            }
            change_rows("UPDATE connections SET " + change + " WHERE user_id = 'ann'");
            if (!live) restart_as("app-key");
            const auto damaged = look("ann");
            ASSERT_TRUE(damaged);
            EXPECT_TRUE((**damaged).access_token.empty());
            EXPECT_EQ((**damaged).state, connection_state::reconnect_required);
            EXPECT_EQ((**damaged).cause, "sealed_record_damaged");
            EXPECT_EQ(token_of("bob"), "act.bob");
        }
    }
    restart_as("app-key");
    put_back("ann");
    change_rows("UPDATE connections SET app = 'app-b' WHERE user_id = 'ann'");
    EXPECT_EQ((**look("ann")).cause, "other_app");
    restart_as("app-b");
    EXPECT_EQ((**look("ann")).cause, "sealed_record_damaged") << "it was sealed for another app";
    EXPECT_TRUE((**look("ann")).access_token.empty());
}

TEST_F(SealedRows, V05AuditCAPairBesideOrOfAnImportOrRevocationOpensOnlyThere) {
    connect("ann", "open-1");
    restart_as("app-b");
    connect("ann", "open-b");
    change_rows("UPDATE other_app_connections SET sealed_tokens = (SELECT sealed_tokens FROM connections)");
    restart_as("app-key");
    EXPECT_EQ((**look("ann")).cause, "other_app") << "what waits does not open, and stays";
    EXPECT_EQ(vault->counts().damaged, 1U);

    endpoint.good_refresh_tokens.insert("rft.1");
    EXPECT_EQ(field_of(import("bob", "1", "open-2", 0)), "open_id");
    change_rows("UPDATE import_proofs SET sealed_tokens = (SELECT sealed_tokens FROM connections)");
    EXPECT_EQ(field_of(import("bob", "1", "open-1", 0)), "refresh_token") << "TikTok is asked again";

    connect("cid", "open-3");
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_client"})";
    endpoint.next = {mode::text};
    EXPECT_EQ(disconnect("cid").reason, "tiktok_unreachable");
    change_rows("UPDATE revocations SET next_at = 0, open_id = 'open-4'");
    EXPECT_EQ(retry().revoked, 0U);
    EXPECT_TRUE(endpoint.revoked.empty());
}

TEST_F(SealedRows, V07AuditCAKeyIsNeededUntilEveryKindIsSealedAnew) {
    connect("ann", "open-1");
    connect("ann", "open-1"); // keeps a pair
    connect("eve", "open-e");
    restart_as("app-b");
    connect("eve", "open-b"); // and one beside
    endpoint.good_refresh_tokens.insert("rft.1");
    EXPECT_EQ(field_of(import("bob", "1", "open-2", 0)), "open_id"); // a proof
    connect("cid", "open-3");
    endpoint.status = 400;
    endpoint.body = R"({"error":"invalid_client"})";
    endpoint.next = {mode::text};
    EXPECT_EQ(disconnect("cid").reason, "tiktok_unreachable"); // a revocation
    EXPECT_EQ(under("a"), 6U);
    ASSERT_TRUE(run_on(loop, vault->change_keys(ring_of("ab"), soon())));
    std::string cursor;
    std::uint64_t moved = 0;
    do {
        const auto step = *run_on(loop, vault->reseal("a", cursor, soon()));
        EXPECT_EQ(step.unreadable, 0U);
        moved += step.resealed;
        cursor = step.next;
    } while (!cursor.empty());
    EXPECT_EQ(moved, 6U);
    EXPECT_EQ(under("a"), 0U);
    EXPECT_EQ(under("b"), 6U);
    EXPECT_TRUE(import("bob", "1", "open-1", 0));
    change_rows("UPDATE revocations SET next_at = 0");
    EXPECT_EQ(retry().revoked, 1U);
    EXPECT_EQ(token_of("eve"), "act.eve");
}

} // namespace gateway::testing
