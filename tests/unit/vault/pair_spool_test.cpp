// Pairs that wait on the disk while the store is away.
#include "unit/vault/spool_fixture.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <future>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>

namespace gateway::testing {
namespace {

namespace fs = std::filesystem;
using event = vault::pair_spool::event;

class PairSpool : public vault_fixture {
protected:
    void SetUp() override {
        vault_fixture::SetUp();
        open();
    }
    void TearDown() override { spool.reset(); }

    void open() {
        spool.reset();
        spool = make(*vault);
    }
    std::unique_ptr<vault::pair_spool> make(vault::token_vault& of) {
        auto made = std::make_unique<vault::pair_spool>(of, directory);
        made->report_to(log.reporter());
        return made;
    }
    /// As a process that is killed after the pair is on the disk.
    void leave_one(vault::spooled_pair what) {
        auto copy = spool->keep(std::move(what));
        copy.hurry();
        turn_until(loop, [this] { return spool->waiting() == 1; });
        { const auto given_back = std::move(copy); }
        spool.reset();
    }
    void look() { run_on(loop, spool->look(soon())); }
    vault::spooled_copy take(const std::string& user = "ann", std::uint64_t version = 7) {
        return spool->take(user_id::trusted(user), version);
    }
    std::string mode_of(const fs::path& of) {
        struct stat facts {};
        EXPECT_EQ(::stat(of.c_str(), &facts), 0);
        const auto bits = facts.st_mode & 0777;
        return std::to_string(bits / 64) + std::to_string(bits / 8 % 8) + std::to_string(bits % 8);
    }

    spool_log log;
    const std::string directory = folder.file("spool");
    const spool_folder_on_disk disk{directory};
    std::unique_ptr<vault::pair_spool> spool;
};

TEST_F(PairSpool, DeathPAPairThatTheStoreTakesAtOnceLeavesNothingOnTheDisk) {
    for (int i = 0; i < 20; ++i)
        spool->keep(spooled_refresh("ann")).stored();
    turn_until(loop, [this] { return disk.files().empty(); });
    EXPECT_EQ(spool->waiting(), 0U);
}

TEST_F(PairSpool, DeathPAPairIsOnTheDiskAtOnceAndDurableWhileTheStoreIsSlow) {
    auto copy = spool->keep(spooled_refresh("ann"));
    turn_until(loop, [this] { return disk.files().size() == 1; });
    turn_until(loop, [this] { return spool->waiting() == 1; });
    EXPECT_EQ(disk.files().at(0).extension(), ".pair");
    EXPECT_EQ(mode_of(directory), "700");
    EXPECT_EQ(mode_of(disk.files().at(0)), "600");
    EXPECT_EQ(disk.bytes().find("act.new"), std::string::npos);
    EXPECT_EQ(disk.bytes().find("rft.new"), std::string::npos);
    copy.stored();
    turn_until(loop, [this] { return disk.files().empty(); });
    EXPECT_EQ(spool->waiting(), 0U);
    EXPECT_EQ(spool->counted().written, 1U);
}

TEST_F(PairSpool, DeathPAPairIsWrittenAlsoWhileTheDiskIsBusyWithAnother) {
    std::promise<void> disk_is_slow, disk_goes_on;
    spool->report_to([&, first = true](vault::pair_spool::event, std::string_view, std::string_view) mutable {
        if (std::exchange(first, false)) {
            disk_is_slow.set_value();
            disk_goes_on.get_future().wait();
        }
    });
    auto one = spool->keep(spooled_refresh("ann"));
    turn_until(loop, [this] { return disk.files().size() == 1; });
    std::filesystem::remove_all(directory); // so that its sync fails, which is told in the same thread
    one.hurry();
    disk_is_slow.get_future().wait();
    auto other = spool->keep(spooled_refresh("bob"));
    turn_until(loop, [this] { return disk.files().size() == 1; });
    disk_goes_on.set_value();
    one.stored();
    other.stored();
    turn_until(loop, [this] { return disk.files().empty(); });
}

TEST_F(PairSpool, DeathPTheNextProcessFindsThePairWhole) {
    auto given = spooled_refresh("ann");
    given.fence = 5;
    given.granted_at = from_unix_ms(1'000);
    given.proof = store::account_proof::none;
    given.text.forced_in_a_row = 3;
    const auto sent = given.copy();
    leave_one(std::move(given));
    open();
    EXPECT_FALSE(take("ann", 8));
    EXPECT_FALSE(take("bob", 7));
    EXPECT_EQ(spool->users(), std::vector<user_id>{user_id::trusted("ann")});
    EXPECT_EQ(spool->fence_of(user_id::trusted("ann")), 5U);
    auto copy = take();
    ASSERT_TRUE(copy);
    EXPECT_FALSE(take()) << "it is in somebody's hands";
    const auto& found = copy.pair();
    EXPECT_EQ(vault::write_spool_head(found), vault::write_spool_head(sent));
    EXPECT_EQ(found.text.access_token.reveal(), "act.new");
    EXPECT_EQ(found.text.refresh_token.reveal(), "rft.new");
    EXPECT_EQ(found.text.account, "open-1");
    EXPECT_EQ(found.tokens().access_lifetime, milliseconds{7'200'000});
    EXPECT_EQ(found.tokens().forced_in_a_row, 3U);
    copy.stored();
    turn_until(loop, [this] { return disk.files().empty(); });
}

TEST_F(PairSpool, DeathPOneThatIsNotStoredWaitsForTheNextOne) {
    leave_one(spooled_refresh("ann"));
    open();
    { const auto given_back = take(); }
    EXPECT_TRUE(take());
    EXPECT_EQ(spool->waiting(), 1U);
    EXPECT_EQ(disk.files().size(), 1U);
}

TEST_F(PairSpool, DeathPAFileThatWasNotSyncedIsFoundTooIfItIsWhole) {
    leave_one(spooled_refresh("ann"));
    const auto bytes = disk.bytes();
    disk.clear();
    disk.put("1.pair.part", bytes);
    disk.put("2.pair.part", bytes.substr(0, bytes.size() - 1));
    open();
    EXPECT_TRUE(take());
    EXPECT_EQ(disk.files().size(), 1U) << "what a writer that has died did not finish is removed";
    EXPECT_TRUE(log.told().empty());
}

TEST_F(PairSpool, DeathPNoFileThatIsCutOrChangedAnywhereOpensAndNoneIsRemoved) {
    leave_one(spooled_refresh("ann"));
    const auto whole = disk.bytes();
    disk.clear();
    std::size_t files = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        disk.put("f" + std::to_string(at) + ".pair", flipped);
        disk.put("c" + std::to_string(at) + ".pair", whole.substr(0, at));
        files += 2;
    }
    disk.put("longer.pair", whole + "x");
    ++files;
    open();
    EXPECT_TRUE(spool->users().empty());
    EXPECT_EQ(disk.files().size(), files);
    EXPECT_EQ(spool->waiting(), files);
    EXPECT_EQ(spool->counted().unusable, files);
    look();
    EXPECT_EQ(spool->counted().unusable, files) << "each is told once";
    disk.clear();
    look();
    EXPECT_EQ(spool->waiting(), 0U);
}

TEST_F(PairSpool, DeathPAHeadThatNamesAnotherUserVersionOrAppDoesNotOpen) {
    leave_one(spooled_refresh("ann"));
    const auto bytes = disk.bytes();
    const auto parts = *vault::split_spool_file(bytes);
    const std::string sealed(parts.sealed);
    const auto own = *vault::read_spool_head(parts.head);
    disk.clear();
    auto other = own.copy();
    other.user = user_id::trusted("bob");
    disk.put("user.pair", vault::join_spool_file(vault::write_spool_head(other), sealed));
    other = own.copy();
    other.version = 8;
    disk.put("version.pair", vault::join_spool_file(vault::write_spool_head(other), sealed));
    other = own.copy();
    other.what = vault::spooled_kind::import;
    disk.put("kind.pair", vault::join_spool_file(vault::write_spool_head(other), sealed));
    other = own.copy();
    other.app = "other-app";
    disk.put("app.pair", vault::join_spool_file(vault::write_spool_head(other), sealed));
    open();
    EXPECT_TRUE(spool->users().empty());
    EXPECT_EQ(spool->waiting(), 4U);
    EXPECT_THAT(log.told(), ::testing::UnorderedElementsAre(std::pair(event::unusable, "damaged"),
                                                            std::pair(event::unusable, "damaged"),
                                                            std::pair(event::unusable, "damaged"),
                                                            std::pair(event::unusable, "other_app")));
}

TEST_F(PairSpool, DeathPAnotherAppsPairStaysForThatApp) {
    leave_one(spooled_refresh("ann", 7, "app-key"));
    auto theirs = vault_on(*records, ring_of("a"), "other-app");
    spool = make(theirs);
    EXPECT_TRUE(spool->users().empty());
    EXPECT_THAT(log.told(), ::testing::ElementsAre(std::pair(event::unusable, "other_app")));
    open();
    EXPECT_TRUE(take());
}

TEST_F(PairSpool, DeathPAPairOfAKeyThatIsNotInTheRingOpensWhenItIs) {
    leave_one(spooled_refresh("ann"));
    auto other = vault_on(*records, ring_of("b"));
    spool = make(other);
    EXPECT_TRUE(spool->users().empty());
    EXPECT_THAT(log.told(), ::testing::ElementsAre(std::pair(event::unusable, "unknown_key")));
    ASSERT_TRUE(run_on(loop, other.change_keys(ring_of("ab"), soon())));
    look();
    EXPECT_TRUE(take());
    spool.reset();
}

TEST_F(PairSpool, DeathPTwoProcessesOfOneFolderNeverHaveThePairAtOnce) {
    auto copy = spool->keep(spooled_refresh("ann"));
    turn_until(loop, [this] { return spool->waiting() == 1; });
    auto second = make(*vault);
    EXPECT_TRUE(second->users().empty()) << "its owner lives";
    { const auto given_back = std::move(copy); }
    run_on(loop, second->look(soon()));
    EXPECT_TRUE(second->users().empty());
    spool.reset(); // the owner has died
    run_on(loop, second->look(soon()));
    EXPECT_TRUE(second->take(user_id::trusted("ann"), 7));
    auto third = make(*vault);
    EXPECT_TRUE(third->users().empty()) << "it is taken over by one of them";
}

TEST_F(PairSpool, DeathPAPairWhoseTokensHaveEndedIsRemovedAndTold) {
    auto old = spooled_refresh("ann");
    old.text.received_at = wall_now() - std::chrono::hours{3};
    old.text.access_expires_at = wall_now() - std::chrono::hours{1};
    old.text.refresh_expires_at = wall_now() - std::chrono::hours{2};
    leave_one(std::move(old));
    open();
    turn_until(loop, [this] { return disk.files().empty(); });
    EXPECT_TRUE(spool->users().empty());
    EXPECT_THAT(log.told(), ::testing::ElementsAre(std::pair(event::ended, "")));
}

TEST_F(PairSpool, DeathPAFolderThatCannotBeWrittenIsToldAndTriedAgain) {
    spool.reset();
    fs::remove_all(directory);
    std::ofstream{directory} << "a file";
    open();
    auto copy = spool->keep(spooled_refresh("ann"));
    turn_until(loop, [this] { return spool->counted().failed > 1; });
    ASSERT_FALSE(log.told().empty());
    EXPECT_EQ(log.told().at(0).first, event::failed);
    EXPECT_EQ(spool->waiting(), 0U);
    fs::remove(directory);
    turn_until(loop, [this] { return spool->waiting() == 1; });
    copy.stored();
    turn_until(loop, [this] { return disk.files().empty(); });
}

TEST_F(PairSpool, DeathPAProcessThatEndsMakesDurableWhatIsNotStored) {
    { const auto given_back = spool->keep(spooled_refresh("ann")); }
    spool.reset();
    ASSERT_EQ(disk.files().size(), 1U);
    EXPECT_EQ(disk.files().at(0).extension(), ".pair");
}

TEST_F(PairSpool, DeathPOneThatIsSetAsideStaysAndIsNotTakenAgain) {
    leave_one(spooled_refresh("ann"));
    open();
    take().set_aside("the_store_has_an_older_pair");
    EXPECT_FALSE(take());
    look();
    EXPECT_FALSE(take());
    EXPECT_EQ(disk.files().size(), 1U);
    EXPECT_EQ(spool->waiting(), 1U);
}

TEST_F(PairSpool, DeathPEachSealIsCountedWithoutAWaitForTheStore) {
    const auto before = vault->newest_key().uses;
    leave_one(spooled_refresh("ann"));
    EXPECT_EQ(vault->newest_key().uses, before + 1);
}

} // namespace
} // namespace gateway::testing
