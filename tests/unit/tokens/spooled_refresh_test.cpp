// Refreshed pairs that wait on the disk, because the store was away when TikTok gave them: stored without
// asking TikTok again, and only where they follow what the store has.
#include "unit/tokens/token_service_fixture.hpp"
#include "unit/vault/spool_fixture.hpp"

namespace gateway::testing {
namespace {

using store::connection_state;
using tokens::refresh_result;

class SpooledRefresh : public tokens_fixture {
protected:
    void SetUp() override {
        tokens_fixture::SetUp();
        open();
    }
    void TearDown() override {
        tokens_fixture::TearDown();
        spool.reset();
    }
    void open() {
        spool.reset();
        spool = std::make_unique<vault::pair_spool>(*vault, directory);
        spool->report_to(log.reporter());
        vault->use_spool(spool.get());
    }
    /// As a process that dies before the store has the pair. The refresh token that it sent is dead.
    void leave(vault::spooled_pair what) {
        endpoint.good_refresh_tokens.erase("rft.first");
        endpoint.good_refresh_tokens.insert("rft.new");
        const auto before = spool->waiting();
        {
            const auto copy = spool->keep(std::move(what));
            turn_until(loop, [&] { return spool->waiting() == before + 1; });
        }
        open();
    }
    void store_spooled() {
        ASSERT_GT(tokens->store_spooled(), 0U);
        turn_until(loop, [this] { return spool->users().empty(); });
        run_on(loop, tokens->drain(soon()));
        make_tokens();
    }
    std::string access_token_of(const std::string& name) {
        const auto got = load(name);
        return got ? std::string((*got)->access_token.reveal()) : got.error().message();
    }
    void expect_gone() {
        turn_until(loop, [this] { return disk.files().empty(); });
        EXPECT_EQ(spool->waiting(), 0U);
    }

    spool_log log;
    const std::string directory = folder.file("spool");
    const spool_folder_on_disk disk{directory};
    std::unique_ptr<vault::pair_spool> spool;
};

TEST_F(SpooledRefresh, DeathPACallUsesThePairAndDoesNotSendTheDeadToken) {
    const auto granted = grant_with("ann", seconds{-10});
    leave(spooled_refresh("ann", granted->version));
    const auto got = access("ann");
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ((**got).access_token.reveal(), "act.new");
    EXPECT_EQ((**got).version, granted->version + 1);
    EXPECT_EQ(record("ann").state, connection_state::connected);
    EXPECT_EQ(requests(), 0U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPTheStartStoresItAndEndsTheIntentOfTheProcessThatDied) {
    const auto granted = grant_with("ann", seconds{7000});
    auto held =
        run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), milliseconds{60'000}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(**held, granted->version, soon())),
              store::refresh_begin::begun);
    auto what = spooled_refresh("ann", granted->version);
    what.fence = (*held)->fence;
    leave(std::move(what));
    const auto began = steady_now();
    store_spooled();
    EXPECT_LT(steady_now() - began, seconds{8}) << "the lease of the one that died does not count";
    EXPECT_EQ(access_token_of("ann"), "act.new");
    EXPECT_TRUE(run_on(loop, records->refreshes.unfinished("app-key", soon()))->empty());
    EXPECT_EQ(requests(), 0U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPARefreshThatIsResumedFindsItToo) {
    const auto granted = grant_with("ann", seconds{7000});
    auto held = run_on(loop, records->refreshes.take_lease(user_id::trusted("ann"), milliseconds{0}, soon()));
    ASSERT_EQ(*run_on(loop, records->refreshes.begin(**held, granted->version, soon())),
              store::refresh_begin::begun);
    leave(spooled_refresh("ann", granted->version));
    ASSERT_EQ(*run_on(loop, tokens->resume_open_refreshes(soon())), 1U);
    settle();
    EXPECT_EQ(told[refresh_result::refreshed], 1);
    EXPECT_EQ(access_token_of("ann"), "act.new");
    EXPECT_EQ(requests(), 0U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPAUserWhoWasToldToConnectAgainIsWellAgain) {
    const auto granted = grant_with("ann", seconds{-10});
    endpoint.good_refresh_tokens.clear(); // another replica has sent the dead token meanwhile
    EXPECT_EQ(access("ann").error().code(), errc::reconnect_required);
    leave(spooled_refresh("ann", granted->version));
    store_spooled();
    EXPECT_EQ(record("ann").state, connection_state::connected);
    EXPECT_EQ(access_token_of("ann"), "act.new");
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPANewerPairOrGrantIsNotReplaced) {
    const auto granted = grant_with("ann", seconds{7000});
    grant("ann", pair("newer"), wall_now());
    leave(spooled_refresh("ann", granted->version));
    store_spooled();
    EXPECT_EQ(access_token_of("ann"), "act.newer");
    EXPECT_EQ(rows_of("revocations"), 0U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPOneThatTheStoreHasAlreadyIsDropped) {
    const auto granted = grant_with("ann", seconds{-10});
    leave(spooled_refresh("ann", granted->version));
    const auto bytes = disk.bytes();
    ASSERT_TRUE(access("ann"));
    expect_gone();
    disk.put("again.pair", bytes); // the process died between the store and the disk
    open();
    store_spooled();
    EXPECT_EQ(access_token_of("ann"), "act.new");
    EXPECT_EQ(record("ann").version, granted->version + 1);
    EXPECT_EQ(rows_of("revocations"), 0U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPThatOfAUserWhoWasDisconnectedIsRevoked) {
    grant_with("ann", seconds{7000});
    const auto version = record("ann").version;
    auto seen = *load("ann");
    ASSERT_TRUE(run_on(loop, vault->end(std::move(seen), false, milliseconds{0}, wall_now(), soon())));
    leave(spooled_refresh("ann", version));
    store_spooled();
    EXPECT_EQ(load("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(rows_of("revocations"), 1U);
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPThatOfAUserWhoLeftAtTikTokBringsNobodyBack) {
    const auto granted = grant_with("ann", seconds{7000});
    run_on(loop, revoke_ann(*vault));
    leave(spooled_refresh("ann", granted->version));
    store_spooled();
    EXPECT_EQ(record("ann").state, connection_state::revoked);
    EXPECT_TRUE(record("ann").sealed_tokens.empty());
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPAStoreThatWasPutBackIsNotWrittenOverAndThePairIsKept) {
    const auto granted = grant_with("ann", seconds{7000});
    leave(spooled_refresh("ann", granted->version + 1)); // of a pair that the backup does not have
    store_spooled();
    EXPECT_EQ(access_token_of("ann"), "act.first");
    EXPECT_EQ(disk.files().size(), 1U);
    EXPECT_EQ(spool->waiting(), 1U);
    auto other = spooled_refresh("ann", granted->version); // of another pair with this version
    other.sent_hash = std::string(as_text(sha256("rft.other")));
    leave(std::move(other));
    store_spooled();
    EXPECT_EQ(access_token_of("ann"), "act.first");
    EXPECT_EQ(disk.files().size(), 2U);
}

TEST_F(SpooledRefresh, DeathPAPairOfAnotherAccountIsNotStoredForTheUser) {
    const auto granted = grant_with("ann", seconds{7000});
    auto other = spooled_refresh("ann", granted->version);
    other.text.account = "open-2";
    leave(std::move(other));
    store_spooled();
    EXPECT_EQ(record("ann").account.text(), "open-1");
    EXPECT_EQ(access_token_of("ann"), "act.first");
}

TEST_F(SpooledRefresh, DeathPAnEmptyRefreshTokenOrLifetimeKeepsTheOldOnes) {
    const auto granted = grant_with("ann", seconds{-10});
    endpoint.sends_refresh_token = false;
    const auto got = access("ann");
    ASSERT_TRUE(got);
    EXPECT_EQ((**got).refresh_token.reveal(), "rft.first");
    EXPECT_EQ((**got).refresh_expires_at, granted->refresh_expires_at);
    EXPECT_EQ((**got).scopes(), granted->scopes());
    expect_gone();
}

TEST_F(SpooledRefresh, DeathPARefreshThatGoesWellLeavesNothingOnTheDisk) {
    endpoint.rotates = false;
    for (const char* name : {"ann", "bob", "cid"}) {
        grant_with(name, seconds{-10});
        ASSERT_TRUE(access(name));
    }
    expect_gone();
    EXPECT_TRUE(log.told().empty());
}

} // namespace
} // namespace gateway::testing
