#include "unit/vault/vault_fixture.hpp"

#include <fstream>

namespace gateway::testing {

using store::connection_state;

class TokenVault : public vault_fixture {};

TEST_F(TokenVault, GivesBackAGrantFromMemoryAndAfterARestart) {
    const auto saved = grant("ann", pair("1"));
    EXPECT_EQ(vault->cached(user_id::trusted("ann")), saved);
    start_good("a");
    EXPECT_EQ(vault->cached(user_id::trusted("ann")), nullptr);
    const auto there = load("ann");
    ASSERT_TRUE(there);
    const auto& tokens = **there;
    EXPECT_EQ(tokens.access_token.reveal(), "act.1");
    EXPECT_EQ(tokens.refresh_token.reveal(), "rft.1");
    EXPECT_EQ(tokens.account.text(), "open-1");
    EXPECT_TRUE(tokens.has_scope("video.list"));
    EXPECT_FALSE(tokens.has_scope("video.publish"));
    EXPECT_EQ(tokens.version, saved->version);
    EXPECT_EQ(tokens.access_expires_at, saved->access_expires_at);
    EXPECT_TRUE(tokens.usable(wall_now()));
    EXPECT_EQ(load("bob").error().code(), errc::user_not_connected);
}

TEST_F(TokenVault, KeepsNoTokenInTheClearOnDisk) {
    grant("ann", pair("planted0123456789"));
    vault.reset();
    records.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::ifstream in(path() + suffix, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(bytes.find("planted"), std::string::npos) << suffix;
    }
}

TEST_F(TokenVault, V06RefusesAWrongOrMissingKeyAndTouchesNothing) {
    grant("ann", pair("1"));
    start(*vault::key_ring::parse("a:" + to_base64(std::string(32, 'x'))));
    ASSERT_FALSE(checked) << "the same id, another key";
    EXPECT_NE(checked.error().message().find("key a"), std::string::npos);
    start("b");
    ASSERT_FALSE(checked) << "the key is not in the ring";
    start_good("a");
    EXPECT_TRUE(load("ann"));
    EXPECT_EQ(run_on(loop, records->facts.list("key_check:", soon()))->size(), 1U);
}

TEST_F(TokenVault, V06RefusesAFilledStoreThatLostItsWordOfTheKey) {
    grant("ann", pair("1"));
    tamper("DELETE FROM meta");
    start("a");
    EXPECT_FALSE(checked);
}

TEST_F(TokenVault, V07ServesUnderOldAndNewKeyAndLetsTheOldGoWhenNothingNeedsIt) {
    grant("ann", pair("1"));
    start_good("ab");
    EXPECT_TRUE(load("ann"));
    grant("ann", pair("2"));
    start("b");
    EXPECT_FALSE(checked) << "the kept pair is still sealed under a";
    run_on(loop, records->upkeep.sweep(wall_now() + std::chrono::hours{24 * 8}, soon()));
    start_good("b");
    EXPECT_EQ((**load("ann")).access_token.reveal(), "act.2");
}

TEST_F(TokenVault, V04ServesOthersAndMarksADamagedRecord) {
    grant("ann", pair("1"));
    grant("bob", pair("2"));
    tamper(
        "UPDATE connections SET sealed_tokens = CAST(substr(sealed_tokens, 1, length(sealed_tokens) - 1) || "
        "CASE substr(sealed_tokens, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE user_id = 'ann'");
    start_good("a");
    const auto damaged = load("ann");
    ASSERT_TRUE(damaged);
    EXPECT_TRUE((**damaged).access_token.empty());
    EXPECT_EQ((**damaged).state, connection_state::reconnect_required);
    EXPECT_EQ((**damaged).cause, "sealed_record_damaged");
    EXPECT_EQ(vault->counts().damaged, 1U);
    const auto record = run_on(loop, records->connections.find(user_id::trusted("ann"), soon()));
    EXPECT_EQ((**record).state, connection_state::reconnect_required);
    EXPECT_EQ((**load("bob")).access_token.reveal(), "act.2");
}

TEST_F(TokenVault, V04TriesThePreviousPairOfADamagedRecord) {
    grant("ann", pair("1"));
    grant("ann", pair("2"));
    tamper("UPDATE connections SET sealed_tokens = x'0101616161'");
    start_good("a");
    const auto repaired = load("ann");
    ASSERT_TRUE(repaired);
    EXPECT_EQ((**repaired).access_token.reveal(), "act.1");
    EXPECT_EQ((**repaired).state, connection_state::refresh_in_doubt);
    EXPECT_EQ((**repaired).version, 2U);
}

TEST_F(TokenVault, V05RefusesARecordMovedToAnotherUserAndAnOldVersionPutBack) {
    grant("ann", pair("1"));
    grant("bob", pair("2"));
    tamper(
        "UPDATE connections SET sealed_tokens = (SELECT sealed_tokens FROM connections WHERE user_id = "
        "'bob') "
        "WHERE user_id = 'ann'");
    start_good("a");
    EXPECT_TRUE((**load("ann")).access_token.empty());
    grant("bob", pair("3"));
    tamper(
        "UPDATE connections SET sealed_tokens = (SELECT sealed_tokens FROM kept_tokens WHERE user_id = "
        "'bob') "
        "WHERE user_id = 'bob'; DELETE FROM kept_tokens");
    start_good("a");
    EXPECT_TRUE((**load("bob")).access_token.empty());
}

TEST_F(TokenVault, V04NoFlippedByteOfAnyRecordEverGivesAWrongToken) {
    grant("ann", pair("1"));
    grant("ann", pair("2"));
    const auto record = **run_on(loop, records->connections.find(user_id::trusted("ann"), soon()));
    for (std::size_t i = 0; i < record.sealed_tokens.size(); ++i) {
        for (const int bit : {1, 0x80}) {
            std::vector<store::resealed_record> flip(1);
            flip[0].seen = {store::sealed_as::pair, record.user.text(), record.version, record.app,
                            record.sealed_tokens};
            flip[0].sealed_anew = record.sealed_tokens;
            flip[0].sealed_anew[i] = static_cast<char>(flip[0].sealed_anew[i] ^ bit);
            std::vector<store::resealed_record> back(1);
            back[0].seen = flip[0].seen;
            back[0].seen.sealed = flip[0].sealed_anew;
            back[0].sealed_anew = record.sealed_tokens;
            ASSERT_EQ(*run_on(loop, records->sealed.replace(std::move(flip), soon())), 1U);
            const auto got = run_on(loop, vault->load_again(user_id::trusted("ann"), soon()));
            ASSERT_TRUE(got) << i;
            EXPECT_EQ((**got).access_token.reveal(), "act.1") << "the previous pair, at byte " << i;
            EXPECT_EQ((**got).state, connection_state::refresh_in_doubt);
            ASSERT_EQ(*run_on(loop, records->sealed.replace(std::move(back), soon())), 1U);
        }
    }
    EXPECT_EQ(vault->counts().damaged, 2 * record.sealed_tokens.size());
}

TEST_F(TokenVault, GivesEveryGrantAHigherVersionAlsoAfterForgetting) {
    EXPECT_EQ(grant("ann", pair("1"))->version, 1U);
    const auto second = grant("ann", pair("2"));
    EXPECT_EQ(second->version, 2U);
    ASSERT_TRUE(run_on(loop, vault->end(second, false, milliseconds{0}, wall_now(), soon())));
    EXPECT_EQ(load("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(grant("ann", pair("3"))->version, 3U);
}

TEST_F(TokenVault, T19WipesARevokedConnectionInMemoryToo) {
    grant("ann", pair("1"));
    EXPECT_EQ(*run_on(loop, vault->revoke(open_id::trusted("open-1"), wall_now(), "user_disconnected",
                                          wall_now(), soon())),
              1U);
    const auto there = load("ann");
    ASSERT_TRUE(there);
    EXPECT_EQ((**there).state, connection_state::revoked);
    EXPECT_TRUE((**there).access_token.empty());
    EXPECT_FALSE((**there).usable(wall_now()));
}

TEST_F(TokenVault, HoldsNoMoreUsersInMemoryThanItMay) {
    vault = std::make_unique<vault::token_vault>(pairs_of(*records), ring_of("a"), client_key, 64);
    for (int i = 0; i < 300; ++i)
        grant_other("user" + std::to_string(i));
    int held = 0;
    for (int i = 0; i < 300; ++i)
        if (vault->cached(user_id::trusted("user" + std::to_string(i)))) ++held;
    EXPECT_LE(held, 128);
    EXPECT_TRUE(load("user0"));
}

} // namespace gateway::testing
