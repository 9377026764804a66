// The journal of windows on the disk: found, made anew, taken over from another boot, damaged, without room.
#include "windows/journal_file.hpp"

#include "limits/window.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace gateway::windows {
namespace {

using gateway::testing::temporary_folder;

constexpr steady_time start{std::chrono::hours{1}};
constexpr boot_name today{1, 2}, tomorrow{1, 3};

steady_time at(int ms) {
    return start + milliseconds{ms};
}

class JournalFile : public ::testing::Test {
protected:
    struct life {
        journal_file file;
        limits::window_table table;

        life(const journal_options& options, steady_time now)
            : file(options, now), table({limits::window_rule{3, milliseconds{60'000}}}, file.take()) {}
        std::uint32_t left(const std::string& user, steady_time now) const {
            return table.status(user, 0, now).remaining;
        }
        void send(const std::string& user, steady_time now) {
            auto taken = table.take(user, 0, now, deadline{now});
            std::get<limits::permit>(taken).settle(now);
        }
    };
    journal_options options(const boot_name& boot = today, std::uint32_t entries = 64) const {
        return {path, entries, milliseconds{60'000}, boot};
    }
    std::string bytes() const {
        std::stringstream all;
        all << std::ifstream(path, std::ios::binary).rdbuf();
        return all.str();
    }
    void replace_with(const std::string& all) const { folder.write("gateway.db-windows", all); }
    /// A process that has sent two calls of ann, and was killed if `closes` is false.
    void live(bool closes, const boot_name& boot = today) {
        life one(options(boot), at(0));
        one.send("ann", at(0));
        one.send("ann", at(1'000));
        if (closes) one.file.close(at(2'000));
    }
    static constexpr std::uint32_t parts = limits::journal_parts;

    temporary_folder folder;
    const std::string path = folder.file("gateway.db-windows");
};

TEST_F(JournalFile, L06DeathOGoesOnAfterAKillAndAfterAnOrderlyEnd) {
    {
        const life first(options(), at(0));
        EXPECT_EQ(first.file.trouble() + first.file.unknown(), "");
        EXPECT_EQ(first.left("ann", at(0)), 3U) << "a first start knows of nothing, and there is nothing";
    }
    std::filesystem::remove(path);
    for (const bool closes : {false, true}) {
        live(closes);
        const life next(options(), at(3'000));
        EXPECT_EQ(next.file.unknown(), "");
        EXPECT_EQ(next.left("ann", at(3'000)), 1U);
        EXPECT_EQ(next.left("ben", at(3'000)), 3U);
        std::filesystem::remove(path);
    }
}

TEST_F(JournalFile, L06DeathOHasItsRoomAndNobodysName) {
    live(false);
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    EXPECT_EQ(facts.st_size, 4'096 + 64 * 16 * static_cast<off_t>(parts));
    EXPECT_GE(facts.st_blocks * 512, facts.st_size) << "a full disk must not end the process";
    EXPECT_EQ(bytes().find("ann"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(JournalFile, L06DeathOIsGivenItsRoomAgainAfterACopyThatLeftOutTheZeros) {
    live(false);
    const auto all = bytes();
    std::filesystem::remove(path);
    replace_with(all.substr(0, all.find_last_not_of('\0') + 1));
    std::filesystem::resize_file(path, all.size());
    const life next(options(), at(3'000));
    EXPECT_EQ(next.left("ann", at(3'000)), 1U);
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_GE(facts.st_blocks * 512, facts.st_size);
}

TEST_F(JournalFile, L06DeathOIsTakenOverFromAnotherBootIfItWasClosed) {
    live(true);
    {
        life next(options(tomorrow), at(-3'000'000));
        EXPECT_EQ(next.file.unknown(), "");
        EXPECT_EQ(next.left("ann", at(-3'000'000)), 1U);
        EXPECT_EQ(next.left("ann", at(-3'000'000 + 57'999)), 1U);
        EXPECT_EQ(next.left("ann", at(-3'000'000 + 58'000)), 2U) << "58 s were left of the first";
        next.send("ann", at(-3'000'000));
    }
    const life third(options(tomorrow), at(-2'999'000)); // after a kill
    EXPECT_EQ(third.left("ann", at(-2'999'000)), 0U);
}

TEST_F(JournalFile, L06DeathOIsNotBelievedAfterAnotherBootThatDidNotCloseIt) {
    live(false);
    const life next(options(tomorrow), at(-3'000'000));
    EXPECT_NE(next.file.unknown(), "");
    EXPECT_EQ(next.left("ann", at(-3'000'000)), 0U);
    EXPECT_EQ(next.left("ben", at(-3'000'000)), 0U) << "what the kernel had not written is not there";
    EXPECT_EQ(next.left("ben", at(-3'000'000 + 60'000)), 3U);
    const life killed_soon(options(tomorrow), at(-2'999'000));
    EXPECT_EQ(killed_soon.left("ben", at(-2'999'000)), 0U) << "it is written down";
}

TEST_F(JournalFile, L06DeathOABootWithoutANameIsNeverTheSame) {
    live(false, boot_name{});
    const life next(options(boot_name{}), at(3'000));
    EXPECT_NE(next.file.unknown(), "");
    EXPECT_EQ(next.left("ben", at(3'000)), 0U);
    EXPECT_NE(this_boot(), boot_name{});
    EXPECT_EQ(this_boot(), this_boot());
}

TEST_F(JournalFile, L06DeathOKeepsWhatItHoldsWhenTheNumberOfWorkersChanges) {
    live(false);
    for (const std::uint32_t entries : {512U, 32U}) {
        const life next(options(today, entries), at(3'000));
        EXPECT_EQ(next.file.trouble() + next.file.unknown(), "");
        EXPECT_EQ(next.left("ann", at(3'000)), 1U) << entries;
        EXPECT_EQ(std::filesystem::file_size(path), 4'096 + entries * 16 * parts);
    }
    EXPECT_EQ(entries_for(1), 16U * 1'024);
    EXPECT_EQ(entries_for(3), 64U * 1'024);
    EXPECT_EQ(entries_for(500), 256U * 1'024);
}

TEST_F(JournalFile, L06DeathOWhereverItIsCutNoWindowIsEmptier) {
    live(false);
    const auto all = bytes();
    for (std::size_t size = 0; size < all.size(); size += 509) {
        std::filesystem::remove(path);
        replace_with(all.substr(0, size));
        const life next(options(), at(3'000));
        ASSERT_LE(next.left("ann", at(3'000)), 1U) << size;
        ASSERT_EQ(next.left("ann", at(64'000)), 3U) << size;
        ASSERT_EQ(next.file.trouble(), "");
    }
}

TEST_F(JournalFile, L06DeathOAnyDamageOfItsHeadIsSeen) {
    live(true);
    const auto all = bytes();
    for (std::size_t byte = 0; byte < 56; ++byte)
        for (const int bit : {0, 3, 7}) {
            std::filesystem::remove(path);
            auto damaged = all;
            damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
            replace_with(damaged);
            const life next(options(), at(3'000));
            ASSERT_NE(next.file.unknown(), "") << byte;
            ASSERT_EQ(next.left("ben", at(3'000)), 0U) << byte;
        }
}

TEST_F(JournalFile, L06DeathOAFileOfSomebodyElseMakesWindowsFullAndIsReplaced) {
    replace_with(std::string(1'000'000, 'x'));
    for (const int now : {0, 1'000}) {
        const life next(options(), at(now));
        EXPECT_EQ(next.file.trouble(), "");
        EXPECT_EQ(next.left("ann", at(now)), 0U);
        EXPECT_EQ(next.left("ann", at(60'000)), 3U);
    }
}

TEST_F(JournalFile, L06DeathOAJournalThatCannotBeMadeIsToldAndTheOldOneIsNotBelieved) {
    live(true);
    std::filesystem::create_directory(path + ".new");
    std::ofstream(path + ".new/file") << "in the way";
    {
        life next(options(today, 128), at(3'000)); // another size, so that it has to be made
        EXPECT_NE(next.file.trouble(), "");
        EXPECT_EQ(next.left("ann", at(3'000)), 1U) << "what is known counts all the same";
        next.send("ben", at(3'000));
        next.file.close(at(4'000));
    }
    std::filesystem::remove_all(path + ".new");
    const life third(options(), at(5'000));
    EXPECT_EQ(third.file.trouble(), "");
    EXPECT_EQ(third.left("ben", at(5'000)), 0U);
}

TEST_F(JournalFile, L06DeathOAJournalThatCannotTakeItsPlaceIsNotWritten) {
    std::filesystem::create_directory(path);
    life next(options(), at(0));
    EXPECT_NE(next.file.trouble(), "");
    EXPECT_EQ(next.left("ann", at(0)), 0U) << "what is there cannot be read";
    next.send("ann", at(60'000));
    EXPECT_EQ(next.left("ann", at(60'000)), 2U);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
    EXPECT_EQ(journal_file(options(), at(0)).take().parts.size(), 0U);
}

TEST_F(JournalFile, L06DeathODoesNotFollowALink) {
    const auto other = folder.write("other", "text");
    std::filesystem::create_symlink(other, path);
    const life next(options(), at(0));
    EXPECT_EQ(next.file.trouble(), "") << "the link is replaced";
    EXPECT_FALSE(std::filesystem::is_symlink(path));
    EXPECT_EQ(std::filesystem::file_size(other), 4U);
}

} // namespace
} // namespace gateway::windows
