// Windows go on in the next process, whatever ended the one before and whatever became of the bytes.
#include "limits/window_journal.hpp"

#include "limits/window.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace gateway::limits {
namespace {

constexpr steady_time start{std::chrono::hours{1}};
constexpr milliseconds minute{60'000};
constexpr window_rule three_a_minute{3, minute};

steady_time at(int ms) {
    return start + milliseconds{ms};
}
deadline by(int ms) {
    return deadline{at(ms)};
}
permit granted(std::variant<permit, no_slot> taken) {
    EXPECT_TRUE(std::holds_alternative<permit>(taken));
    return std::move(std::get<permit>(taken));
}

/// Memory that outlives its tables.
class kept_memory {
public:
    explicit kept_memory(std::size_t entries)
        : words_of_part_(2 * entries), words(journal_parts * 2 * entries) {}

    remembered_windows read(std::size_t part, const journal_reading& how) const {
        return read_journal_part(std::span(words).subspan(part * words_of_part_, words_of_part_), how);
    }
    window_journal journal(const journal_reading& how) {
        window_journal all;
        for (std::size_t part = 0; part < journal_parts; ++part) {
            auto held = read(part, how);
            all.parts.emplace_back(std::span(words).subspan(part * words_of_part_, words_of_part_), held);
            if (held.has_open) all.parts.back().close_open(how.now + how.window);
            all.remembered.push_back(std::move(held));
        }
        return all;
    }
    /// The table of the next process.
    window_table next(const journal_reading& how, window_rule rule = three_a_minute) {
        return window_table({rule, rule}, journal(how));
    }
    window_table next(steady_time now, window_rule rule = three_a_minute) {
        return next(journal_reading{now, minute, std::nullopt}, rule);
    }

private:
    std::size_t words_of_part_;

public:
    std::vector<std::uint64_t> words;
};

std::uint32_t left(window_table& table, const std::string& key, steady_time now, std::uint8_t kind = 0) {
    return table.status(key, kind, now).remaining;
}

TEST(WindowJournal, ASlotThatWasNotNotedChangesNothing) {
    kept_memory memory(32);
    auto journal = memory.journal({at(0), minute, std::nullopt});
    const auto before = memory.words;
    journal.parts.front().change(0, 7, at(5'000));
    journal.parts.front().clear(0, 7);
    EXPECT_EQ(memory.words, before);
}

TEST(WindowJournal, L06DeathOAWindowIsWhatItWasInTheProcessBefore) {
    kept_memory memory(32);
    {
        auto before = memory.next(at(0));
        granted(before.take("ann", 0, at(0), by(5'000))).settle(at(900));
        granted(before.take("ann", 0, at(1'000), by(5'000))).settle(at(2'000));
        granted(before.take("ann", 1, at(0), by(5'000))).settle(at(10));
        granted(before.take("ben", 0, at(0), by(5'000))).give_back();
    }
    auto after = memory.next(at(10'000));
    EXPECT_EQ(left(after, "ann", at(10'000)), 1U);
    EXPECT_EQ(left(after, "ann", at(10'000), 1), 2U);
    EXPECT_EQ(left(after, "ben", at(10'000)), 3U) << "its call never left";
    EXPECT_EQ(left(after, "cid", at(10'000)), 3U);
    EXPECT_EQ(after.taken("ann", 0, at(10'000)).used, 2U);
    EXPECT_EQ(left(after, "ann", at(60'899)), 1U);
    EXPECT_EQ(left(after, "ann", at(60'900)), 2U);
    EXPECT_EQ(left(after, "ann", at(62'000)), 3U);
}

TEST(WindowJournal, L06DeathOACallThatWasInFlightCountsFromTheStartOn) {
    kept_memory memory(32);
    {
        auto before = memory.next(at(0));
        auto lost = before.take("ann", 0, at(0), by(1'800'000)); // a batch may last half an hour
    }
    auto after = memory.next(at(10'000));
    EXPECT_EQ(left(after, "ann", at(69'999)), 2U);
    EXPECT_EQ(left(after, "ann", at(70'000)), 3U) << "who could have sent it later has ended";
}

TEST(WindowJournal, L06DeathOAWindowThatTikTokClosedStaysClosed) {
    kept_memory memory(32);
    {
        auto before = memory.next(at(0));
        auto slot = granted(before.take("ann", 0, at(0), by(5'000)));
        slot.settle(at(10));
        slot.close_until(at(300'000));
        before.close_until("ben", 0, at(0), at(40'000));
    }
    auto after = memory.next(at(100'000));
    EXPECT_EQ(after.status("ann", 0, at(100'000)).until_more, milliseconds{200'000});
    EXPECT_EQ(left(after, "ann", at(300'000)), 3U);
    EXPECT_EQ(left(after, "ben", at(100'000)), 3U);
    auto third = memory.next(at(100'001)); // nothing was written by the second process
    EXPECT_EQ(third.status("ann", 0, at(100'001)).until_more, milliseconds{199'999});
}

/// Processes end after each step of random calls; the next one must know what the window held.
TEST(WindowJournal, L06DeathOAtEachStepTheNextProcessKnowsWhatTheWindowsHold) {
    std::mt19937 dice(7);
    kept_memory memory(64);
    std::optional<window_table> table;
    const auto begin_next = [&](int now) {
        const std::vector<window_rule> rules(2, three_a_minute);
        table.emplace(rules, memory.journal({at(now), minute, std::nullopt}));
    };
    begin_next(0);
    std::map<int, permit> open;
    const std::vector<std::string> users{"ann", "ben", "cid"};
    int now = 0;
    for (int step = 0; step < 1'000; ++step) {
        now += static_cast<int>(dice() % 3'000);
        const auto& user = users[dice() % users.size()];
        const auto kind = static_cast<std::uint8_t>(dice() % 2);
        auto taken = table->take(user, kind, at(now), by(now + 4'000));
        if (auto* slot = std::get_if<permit>(&taken)) open.emplace(step, std::move(*slot));
        if (!open.empty() && dice() % 2 == 0) {
            auto& ends = open.begin()->second;
            dice() % 4 == 0 ? ends.give_back() : static_cast<void>(ends.settle(at(now)));
            open.erase(open.begin());
        }
        for (const auto& each : users)
            for (std::uint8_t k = 0; k < 2; ++k) {
                kept_memory copy = memory;
                auto next = copy.next(at(now));
                ASSERT_EQ(next.taken(each, k, at(now)).used, table->taken(each, k, at(now)).used)
                    << step << each;
                const auto wait = next.status(each, k, at(now)).until_more;
                ASSERT_LE(wait, minute);
                const auto then = at(now) + wait;
                ASSERT_TRUE(std::holds_alternative<permit>(next.take(each, k, then, deadline{then})))
                    << "the wait that was told is the true one";
            }
        if (dice() % 50 == 0) { // a start
            open.clear();
            begin_next(now);
        }
    }
}

TEST(WindowJournal, L06DeathONoFlippedBitMakesAWindowEmptier) {
    kept_memory memory(8);
    const std::vector<std::string> users{"ann", "ben", "cid", "dee"};
    {
        auto before = memory.next(at(0));
        for (const auto& user : users)
            for (int i = 0; i < 2; ++i)
                granted(before.take(user, 0, at(0), by(5'000))).settle(at(i));
    }
    unsigned seen_as_damage = 0;
    for (std::size_t word = 0; word < memory.words.size(); ++word)
        for (unsigned bit = 0; bit < 64; bit += 7) {
            kept_memory damaged = memory;
            damaged.words[word] ^= std::uint64_t{1} << bit;
            auto after = damaged.next(at(10'000));
            for (const auto& user : users) {
                const auto free = left(after, user, at(10'000));
                ASSERT_LE(free, 1U) << word << " " << bit;
                if (free == 0) ++seen_as_damage;
                ASSERT_EQ(left(after, user, at(70'000)), 3U) << "and not for longer than a window";
            }
        }
    EXPECT_GT(seen_as_damage, 0U);
}

TEST(WindowJournal, L06DeathOAnEntryThatWasBeingWrittenIsOldOrNewOrNone) {
    kept_memory memory(8);
    {
        auto before = memory.next(at(0));
        granted(before.take("ann", 0, at(0), by(5'000))).settle(at(0));
    }
    const auto whole = memory.words;
    for (std::size_t i = 1; i < whole.size(); i += 2) {
        if (whole[i] == 0) continue;
        memory.words[i] = 0; // the key is there, the time is not yet; so the call had not left
        auto after = memory.next(at(1'000));
        EXPECT_EQ(left(after, "ann", at(1'000)), 3U);
        EXPECT_EQ(left(after, "ben", at(1'000)), 3U) << "it is not taken for damage";
    }
}

TEST(WindowJournal, L06DeathOWhatFindsNoRoomMakesItsWindowsFull) {
    constexpr window_rule thousand{1'000, minute};
    kept_memory memory(16);
    std::uint32_t taken = 0;
    {
        auto before = memory.next(at(0), thousand);
        for (; taken < 100; ++taken) {
            const int now = static_cast<int>(taken);
            granted(before.take("ann", 0, at(now), by(now + 5'000))).settle(at(now + 1));
        }
    }
    auto after = memory.next(at(1'000), thousand);
    EXPECT_EQ(left(after, "ann", at(1'000)), 0U) << "15 of 100 are known";
    EXPECT_EQ(left(after, "ann", at(61'000)), 1'000U);
    const auto now = static_cast<int>(taken) + 60'000;
    auto later = memory.next(at(now), thousand);
    EXPECT_EQ(left(later, "ann", at(now + 5'000)), 1'000U) << "what was lost is over";
}

TEST(WindowJournal, L06DeathOTheJournalGrowsOnlyWhileAllOfItCounts) {
    constexpr window_rule wide{1'000'000, minute};
    kept_memory memory(4'096);
    std::optional<window_table> table;
    for (int i = 0; i < 20'000; ++i) { // 1,000 a minute, for twenty minutes, with a start in each other one
        const int now = i * 60;
        if (i % 2'000 == 0)
            table.emplace(std::vector<window_rule>{wide}, memory.journal({at(now), minute, std::nullopt}));
        granted(table->take("ann", 0, at(now), by(now + 100))).settle(at(now + 10));
    }
    std::uint32_t in_use = 0;
    for (std::size_t part = 0; part < journal_parts; ++part)
        in_use = std::max(in_use, memory.read(part, {at(1'200'000), minute, std::nullopt}).in_use);
    EXPECT_LE(in_use, 2'048U);
    auto after = memory.next(at(1'200'000), wide);
    EXPECT_EQ(wide.limit - left(after, "ann", at(1'200'000)), 1'000U);
}

TEST(WindowJournal, Q01DeathOAnotherBootsTimesAreTakenAsIfNoneHadPassed) {
    kept_memory memory(32);
    {
        auto before = memory.next(at(0));
        granted(before.take("ann", 0, at(0), by(5'000))).settle(at(1'000));
    }
    for (const int now : {-3'000'000, 20'000, 3'000'000'0}) { // the clock of this boot says anything
        kept_memory copy = memory;
        auto after = copy.next(journal_reading{at(now), minute, at(21'000)});
        EXPECT_EQ(left(after, "ann", at(now)), 2U);
        EXPECT_EQ(left(after, "ann", at(now + 39'999)), 2U);
        EXPECT_EQ(left(after, "ann", at(now + 40'000)), 3U) << "40 s were left of it at the end";
    }
}

TEST(WindowJournal, Q01DeathONothingCountsLongerThanAWindowWhateverTheTimesSay) {
    kept_memory memory(32);
    {
        auto before = memory.next(at(0));
        granted(before.take("ann", 0, at(9'000'000), by(9'005'000))).settle(at(9'000'000));
    }
    auto after = memory.next(at(0)); // a clock that went back
    EXPECT_EQ(left(after, "ann", at(59'999)), 2U);
    EXPECT_EQ(left(after, "ann", at(60'000)), 3U);
}

TEST(WindowJournal, L06DeathOATableWithoutOneForgetsAsBefore) {
    window_table table({three_a_minute}, window_journal{});
    granted(table.take("ann", 0, at(0), by(5'000))).settle(at(0));
    EXPECT_EQ(left(table, "ann", at(0)), 2U);
}

} // namespace
} // namespace gateway::limits
