#include "limits/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace gateway::limits {
namespace {

constexpr steady_time start{std::chrono::hours{1}};
constexpr window_rule six_a_minute{6, milliseconds{60'000}};

steady_time at(int ms) {
    return start + milliseconds{ms};
}
deadline by(int ms) {
    return deadline{at(ms)};
}
bool granted(const std::variant<permit, no_slot>& taken) {
    return std::holds_alternative<permit>(taken);
}
milliseconds wait_of(const std::variant<permit, no_slot>& taken) {
    return std::get<no_slot>(taken).wait;
}

TEST(Window, FreesASlotOneWindowAfterItsAnswerNotAfterItsSending) {
    window_table table({window_rule{1, milliseconds{60'000}}});
    auto first = table.take("u", 0, at(0), by(10'000));
    std::get<permit>(first).settle(at(900));
    EXPECT_EQ(wait_of(table.take("u", 0, at(60'000), by(70'000))), milliseconds{900});
    EXPECT_FALSE(granted(table.take("u", 0, at(60'899), by(70'000))));
    EXPECT_TRUE(granted(table.take("u", 0, at(60'900), by(70'000))));
}

TEST(Window, HoldsAnUnsettledSlotForItsDeadlineAndOneWindow) {
    window_table table({window_rule{1, milliseconds{60'000}}});
    { auto lost = table.take("u", 0, at(0), by(10'000)); }
    EXPECT_FALSE(granted(table.take("u", 0, at(69'999), by(80'000))));
    EXPECT_TRUE(granted(table.take("u", 0, at(70'000), by(80'000))));
}

TEST(Window, GivesASlotBackThatNeverLeft) {
    window_table table({window_rule{1, milliseconds{60'000}}});
    auto first = table.take("u", 0, at(0), by(10'000));
    std::get<permit>(first).give_back();
    EXPECT_TRUE(granted(table.take("u", 0, at(1), by(10'000))));
}

TEST(Window, CountsInOneGoWhatTakeAndSettleDoInTwo) {
    window_table one({}), two({});
    const window_rule rule{3, milliseconds{60'000}};
    for (int i = 0; i < 300; ++i) {
        const auto now = at(i * 7'919);
        const auto counted = one.count("shop", 0, rule, now);
        auto taken = two.take("shop", 0, rule, now, deadline{now});
        auto* slot = std::get_if<permit>(&taken);
        ASSERT_EQ(std::holds_alternative<quota_status>(counted), slot != nullptr) << i;
        if (slot) slot->settle(now);
        const auto& status = slot ? std::get<quota_status>(counted) : std::get<no_slot>(counted).status;
        const auto should = slot ? slot->status(now) : std::get<no_slot>(taken).status;
        EXPECT_EQ(status.remaining, should.remaining) << i;
        EXPECT_EQ(status.until_more, should.until_more) << i;
        EXPECT_EQ(status.limit, 3U);
    }
}

TEST(Window, StaysClosedAsLongAsTikTokSaid) {
    window_table table({six_a_minute});
    auto first = table.take("u", 0, at(0), by(10'000));
    std::get<permit>(first).settle(at(10));
    std::get<permit>(first).close_until(at(30'010));
    EXPECT_EQ(wait_of(table.take("u", 0, at(10), by(10'000))), milliseconds{30'000});
    EXPECT_TRUE(granted(table.take("other", 0, at(10), by(10'000))));
    EXPECT_TRUE(granted(table.take("u", 0, at(30'010), by(40'000))));
}

TEST(Window, TellsWhatIsLeftAndWhenMoreComes) {
    window_table table({six_a_minute});
    EXPECT_EQ(table.status("u", 0, at(0)).remaining, 6U);
    auto first = table.take("u", 0, at(0), by(10'000));
    std::get<permit>(first).settle(at(100));
    auto second = table.take("u", 0, at(29'000), by(30'000));
    std::get<permit>(second).settle(at(29'100));
    const quota_status now = std::get<permit>(second).status(at(29'100));
    EXPECT_EQ(now.limit, 6U);
    EXPECT_EQ(now.remaining, 4U);
    EXPECT_EQ(now.until_more, milliseconds{31'000});
    EXPECT_EQ(table.status("u", 0, at(200'000)).remaining, 6U);
}

TEST(Window, TakesARuleOfTheKeysOwn) {
    window_table table({six_a_minute});
    const window_rule two{2, milliseconds{1'000}};
    for (int i = 0; i < 2; ++i) {
        auto one = table.take("caller", 0, two, at(i), by(i));
        std::get<permit>(one).settle(at(i));
    }
    const auto third = table.take("caller", 0, two, at(2), by(2));
    EXPECT_EQ(wait_of(third), milliseconds{998});
    EXPECT_EQ(std::get<no_slot>(third).status.limit, 2U);
}

TEST(Window, CountsNothingWhereThereIsNoLimit) {
    window_table table({window_rule{0, milliseconds{60'000}}});
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(granted(table.take("u", 0, at(0), by(1))));
    EXPECT_EQ(table.size(), 0U);
}

TEST(Window, ObeysANewRuleAndKeepsWhatWasCounted) {
    window_table table({window_rule{2, milliseconds{60'000}}});
    for (int i = 0; i < 2; ++i) {
        auto one = table.take("u", 0, at(i * 1000), by(i * 1000));
        std::get<permit>(one).settle(at(i * 1000));
    }
    table.change_rules({window_rule{1, milliseconds{60'000}}});
    EXPECT_EQ(wait_of(table.take("u", 0, at(2'000), by(2'000))), milliseconds{59'000});
    table.change_rules({window_rule{3, milliseconds{60'000}}});
    EXPECT_TRUE(granted(table.take("u", 0, at(2'000), by(2'000))));
}

TEST(Window, ForgetsEmptyWindowsOfAHundredThousandUsers) {
    window_table table({six_a_minute});
    for (int i = 0; i < 100'000; ++i) {
        auto one = table.take("user_" + std::to_string(i), 0, at(0), by(1'000));
        std::get<permit>(one).settle(at(5));
    }
    EXPECT_GT(table.size(), 90'000U);
    for (int i = 0; i < 100'000; ++i) {
        auto one = table.take("late_" + std::to_string(i % 6400), 0, at(120'000), by(121'000));
        if (auto* held = std::get_if<permit>(&one)) held->give_back();
    }
    EXPECT_LT(table.size(), 8'000U);
}

/// A strict TikTok: counts a call at some time between sending and its answer, in a sliding minute.
class strict_counter {
public:
    bool arrives(steady_time when, std::uint32_t limit, milliseconds length) {
        std::uint32_t in_window = 0;
        for (const steady_time earlier : calls_)
            if (earlier > when - length) ++in_window;
        calls_.push_back(when);
        return in_window < limit;
    }

private:
    std::vector<steady_time> calls_;
};

TEST(Window, NeverMakesTikTokCountOneTooManyWhateverTheJitter) {
    for (std::uint32_t seed = 1; seed <= 30; ++seed) {
        std::mt19937 random(seed);
        const auto pick = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
        const window_rule rule{static_cast<std::uint32_t>(pick(1, 8)), milliseconds{pick(50, 500)}};
        window_table table({rule});
        struct flight {
            permit slot;
            int arrives, answered;
        };
        std::deque<flight> flying;
        std::vector<int> arrivals;
        for (int now = 0; now < 5'000; now += pick(0, 9)) {
            std::erase_if(flying, [&](flight& f) {
                if (f.answered > now) return false;
                f.slot.settle(at(f.answered));
                return true;
            });
            const int limit_of_call = now + pick(20, 200);
            auto taken = table.take("u", 0, at(now), by(limit_of_call));
            if (!granted(taken)) continue;
            const int answered = pick(now, limit_of_call);
            const int arrives = pick(now, answered);
            arrivals.push_back(arrives);
            if (pick(0, 9) > 0) // else the answer is lost and the slot is never settled
                flying.push_back({std::move(std::get<permit>(taken)), arrives, answered});
        }
        std::sort(arrivals.begin(), arrivals.end());
        strict_counter tiktok;
        for (const int when : arrivals)
            ASSERT_TRUE(tiktok.arrives(at(when), rule.limit, rule.length)) << "seed " << seed;
    }
}

TEST(Window, GrantsExactlyWhatABruteForceModelGrants) {
    std::mt19937 random(7);
    const auto pick = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
    const window_rule rule{5, milliseconds{100}};
    window_table table({rule});
    std::vector<int> free_at; // the model: when each slot is free again
    for (int now = 0; now < 20'000; now += pick(0, 30)) {
        std::erase_if(free_at, [now](int when) { return when <= now; });
        auto taken = table.take("u", 0, at(now), by(now));
        ASSERT_EQ(granted(taken), free_at.size() < rule.limit) << now;
        if (!granted(taken)) {
            const int soonest = *std::min_element(free_at.begin(), free_at.end());
            EXPECT_EQ(wait_of(taken), milliseconds{soonest - now});
            continue;
        }
        const int what = pick(0, 3);
        if (what == 0) {
            std::get<permit>(taken).give_back();
        } else if (what == 1) {
            free_at.push_back(now + 100); // never settled: its deadline was now
        } else {
            std::get<permit>(taken).settle(at(now));
            free_at.push_back(now + 100);
        }
    }
}

/// With a large limit, slots become free together, at the end of their thousandth of the window.
TEST(Window, FreesTheSlotsOfALargeLimitNeverTooEarlyAndAtMostAThousandthTooLate) {
    std::mt19937 random(11);
    const auto pick = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
    const window_rule rule{3'000, milliseconds{60'000}};
    constexpr int late_max_ms = 60;
    window_table table({rule});
    std::deque<int> answers; // times of answers that may still count, oldest first
    int refused = 0;
    for (int now = 0; now < 200'000; now += pick(0, 30)) {
        while (!answers.empty() && answers.front() + 60'000 + late_max_ms <= now)
            answers.pop_front();
        const auto surely = static_cast<std::uint32_t>(
            answers.end() - std::find_if(answers.begin(), answers.end(), [now](int answered) {
                return answered + 60'000 > now;
            }));
        const auto used = table.taken("u", 0, at(now)).used;
        ASSERT_GE(used, surely) << now;
        ASSERT_LE(used, answers.size()) << now;
        auto taken = table.take("u", 0, at(now), by(now));
        if (auto* const held = std::get_if<permit>(&taken)) {
            const auto left = held->settle(at(now));
            EXPECT_EQ(left.remaining, rule.limit - used - 1);
            answers.push_back(now);
            continue;
        }
        ++refused;
        const int exact =
            answers[answers.size() - used] + 60'000 - now; // they become free in the order of the answers
        ASSERT_GE(wait_of(taken).count(), std::max(exact, 0)) << now;
        ASSERT_LE(wait_of(taken).count(), exact + late_max_ms) << now;
    }
    EXPECT_GT(refused, 100);
}

TEST(Window, DeathDOfASharedOneIsLeftWhatTheOthersHaveNotTaken) {
    window_table table({window_rule{6, milliseconds{60'000}}});
    const window_rule share{2, milliseconds{60'000}, 6, 5}; // two granted, and one is another replica's
    auto first = table.take("u", 0, share, at(0), by(10'000));
    auto status = std::get<permit>(first).settle(at(0));
    EXPECT_EQ(status.limit, 6U);
    EXPECT_EQ(status.remaining, 4U);
    auto second = table.take("u", 0, share, at(1'000), by(10'000));
    EXPECT_EQ(std::get<permit>(second).settle(at(1'000)).remaining, 3U);
    const auto third = table.take("u", 0, share, at(2'000), by(10'000));
    EXPECT_EQ(wait_of(third), milliseconds{58'000});
    status = table.status("u", 0, at(2'000));
    EXPECT_EQ(status.remaining, 3U) << "they have to be granted first";
    table.close_until("u", 0, at(2'000), at(4'000));
    EXPECT_EQ(table.status("u", 0, at(2'000)).remaining, 0U);
}

TEST(Window, DeathDTellsWhatIsTakenAndWhenItEnds) {
    window_table table({window_rule{6, milliseconds{60'000}}});
    EXPECT_EQ(table.taken("u", 0, at(0)).used, 0U);
    for (const int when : {0, 1'000}) {
        auto taken = table.take("u", 0, at(when), by(10'000));
        std::get<permit>(taken).settle(at(when));
    }
    auto open = table.take("u", 0, at(2'000), by(10'000));
    auto now = table.taken("u", 0, at(2'000));
    EXPECT_EQ(now.used, 3U) << "of the open one nobody knows the end";
    ASSERT_EQ(now.ends.size(), 2U);
    EXPECT_EQ(now.ends[0].free_at, at(60'000));
    EXPECT_EQ(now.ends[1].free_at, at(61'000));
    now = table.taken("u", 0, at(60'000));
    EXPECT_EQ(now.used, 2U);
    ASSERT_EQ(now.ends.size(), 1U);
    EXPECT_EQ(now.ends[0].count, 1U);
}

TEST(Window, DeathDSlotsOfASharedOneEndTogetherSoThatFewEndsAreTold) {
    window_table table({window_rule{600, milliseconds{60'000}}});
    const window_rule share{600, milliseconds{60'000}, 600, 600};
    for (int i = 0; i < 600; ++i) {
        auto taken = table.take("u", 0, share, at(i * 100), by(i * 100));
        std::get<permit>(taken).settle(at(i * 100));
    }
    const auto now = table.taken("u", 0, at(59'950));
    EXPECT_EQ(now.used, 600U);
    EXPECT_LE(now.ends.size(), 65U);
}

TEST(Window, DeathDSaysHowLongItIsClosed) {
    window_table table({window_rule{6, milliseconds{60'000}}});
    EXPECT_EQ(table.closed_for("u", 0, at(0)), milliseconds{0});
    table.close_until("u", 0, at(0), at(5'000));
    EXPECT_EQ(table.closed_for("u", 0, at(1'000)), milliseconds{4'000});
    EXPECT_EQ(table.closed_for("u", 0, at(5'000)), milliseconds{0});
}

TEST(Window, IsSafeUnderManyThreads) {
    window_table table({window_rule{50, milliseconds{60'000}}});
    std::atomic<int> grants{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 2'000; ++i) {
                auto one = table.take("u" + std::to_string(i % 8), 0, at(i), by(i + 10));
                if (auto* held = std::get_if<permit>(&one)) {
                    held->settle(at(i));
                    ++grants;
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(grants, 8 * 50);
}

} // namespace
} // namespace gateway::limits
