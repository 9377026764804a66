#include "limits/share.hpp"

#include "limits/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <random>
#include <vector>

namespace gateway::limits {
namespace {

constexpr milliseconds minute{60'000};
const steady_time start{std::chrono::hours{2}};

replicas_seen three_replicas(steady_time last_beat) {
    return {3, start - std::chrono::hours{1}, last_beat, {}, minute};
}

TEST(Share, IsUsedForOneWindowAfterTheStoreConfirmedIt) {
    const share mine{4, start + minute};
    const auto seen = three_replicas(start);
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start), 4U);
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, true, start + seconds{59}), 4U)
        << "also while the store is away";
    EXPECT_EQ(usable_capacity(mine, 6, minute, seen, false, start + minute), 0U)
        << "the store is asked first";
}

TEST(Share, L06WithoutTheStoreNoReplicaUsesMoreThanItsPart) {
    const share large{5, start + minute}, none{};
    const auto seen = three_replicas(start);
    EXPECT_EQ(usable_capacity(large, 6, minute, seen, true, start + minute), 2U);
    EXPECT_EQ(usable_capacity(none, 6, minute, seen, true, start + minute), 0U)
        << "the others still use what they had";
    EXPECT_EQ(usable_capacity(none, 6, minute, seen, true, start + seconds{299}), 0U);
    EXPECT_EQ(usable_capacity(none, 6, minute, seen, true, start + seconds{300}), 2U);
    EXPECT_EQ(usable_capacity(none, 2, minute, seen, true, start + seconds{300}), 0U) << "zero is allowed";
}

TEST(Share, L07AnOldShareIsNotRevivedByOneAnswerThatDidNotCome) {
    const share old{2, start};
    const auto given = [&old](int last_beat_s, int now_s) {
        return usable_capacity(old, 6, minute, three_replicas(start + seconds{last_beat_s}), true,
                               start + seconds{now_s});
    };
    EXPECT_EQ(given(50, 59), 2U) << "what it allows now is forgotten before the store holds it no longer";
    EXPECT_EQ(given(50, 60), 0U) << "the store was there a moment ago, and may give it to others soon";
    EXPECT_EQ(given(59, 119), 2U) << "after such a silence nobody is given more than a part";
    EXPECT_EQ(given(60, 120), 0U) << "the store may have given it to others before it went away";
    EXPECT_EQ(given(60, 360), 2U) << "their shares have ended too";
}

TEST(Share, L06ANewcomerWhomTheOthersMayNotHaveCountedHasNothing) {
    const replicas_seen new_here{3, start, start + seconds{19}, {}, minute};
    EXPECT_EQ(usable_capacity({}, 6, minute, new_here, true, start + seconds{400}), 0U);
    const replicas_seen known{3, start, start + seconds{20}, {}, minute};
    EXPECT_EQ(usable_capacity({}, 6, minute, known, true, start + seconds{400}), 2U);
}

TEST(Share, L06AfterAnOutageNoReplicaAsksForMoreThanItsPartUntilTheOthersHaveToldWhatTheyUsed) {
    replicas_seen seen;
    seen.beat(start, 3);
    EXPECT_EQ(max_request(6, minute, seen, start), 6U) << "a start is no outage";
    seen.beat(start + seconds{59}, 3);
    EXPECT_EQ(max_request(6, minute, seen, start + minute), 6U) << "no share has ended";
    const auto back = start + seconds{200};
    seen.beat(back, 1);
    EXPECT_EQ(seen.count, 3U) << "the others are not back yet";
    EXPECT_EQ(max_request(6, minute, seen, back), 2U);
    seen.beat(back + seconds{30}, 2);
    EXPECT_EQ(seen.count, 3U);
    seen.beat(back + seconds{61}, 2);
    EXPECT_EQ(seen.count, 2U);
    seen.beat(back + seconds{120}, 2);
    EXPECT_EQ(max_request(6, minute, seen, back + seconds{139}), 3U);
    EXPECT_EQ(max_request(6, minute, seen, back + seconds{140}), 6U);
}

TEST(Share, AsksForALittleMoreWhereTheLimitIsWide) {
    EXPECT_EQ(request_size(0, 1, 6, 3), 1U);
    EXPECT_EQ(request_size(2, 1, 600, 3), 102U);
    EXPECT_EQ(request_size(2, 100, 6, 3), 6U) << "never more than the limit";
    EXPECT_EQ(request_size(5, 0, 6, 3), 6U);
}

/// The store's side: the shares that it has granted, and until when (store/window_shares.cpp).
struct model_store {
    struct row {
        std::uint32_t capacity = 0;
        steady_time held_until{};
    };
    std::array<row, 3> rows;

    std::uint32_t take(std::size_t who, std::uint32_t want, std::uint32_t used, std::uint32_t limit,
                       steady_time now) {
        std::uint32_t held = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i == who) continue;
            if (rows[i].held_until > now) held += rows[i].capacity;
        }
        const auto granted = std::min(want, limit > held ? limit - held : 0);
        rows[who] = {std::max(granted, used), now + share_held(minute)};
        return granted;
    }
};

/// A request that the store has processed, while its answer is still on the way or lost.
struct question {
    share answer;
    steady_time answered_at;
    bool is_lost = false;
};

struct model_replica {
    share mine;
    replicas_seen seen;
    window_table used{{window_rule{6, minute}}};
    std::optional<question> asked;
    bool unanswered = false; // the last request was not answered
    bool cut_off = false;
    steady_time idle_until{};
};

/// TikTok's count of the last minute.
class model_tiktok {
public:
    void call(steady_time at) {
        while (!calls_.empty() && calls_.front() <= at - minute)
            calls_.pop_front();
        calls_.push_back(at);
        most = std::max(most, calls_.size());
    }
    std::size_t most = 0, total = 0;

private:
    std::deque<steady_time> calls_;
};

/// Three replicas, one window, and faults between them and the store.
class model {
public:
    model(std::uint32_t seed, std::uint32_t limit) : dice_(seed), limit_(limit) {
        for (auto& each : replicas_)
            each.seen = three_replicas(start);
    }
    void step() {
        if (dice_() % 200 == 0) pace_ = dice_() % 2 == 0 ? milliseconds{100} : milliseconds{20'000};
        now_ += milliseconds{dice_() % static_cast<unsigned>(pace_.count())};
        const std::size_t who = dice_() % 3;
        if (dice_() % 2'000 == 0) { // the store is unreachable for all for minutes, or for one for less
            const bool all = dice_() % 2 == 0;
            cut_off_until_ = now_ + (all ? milliseconds{dice_() % 900'000} : milliseconds{dice_() % 60'000});
            for (std::size_t i = 0; i < 3; ++i)
                replicas_[i].cut_off = all || i == who;
        }
        for (auto& each : replicas_) {
            if (now_ >= cut_off_until_) each.cut_off = false;
            if (!each.cut_off && now_ - each.seen.last_beat >= seconds{5}) each.seen.beat(now_, 3);
            hear(each);
        }
        if (dice_() % 4'000 == 0) replicas_[who].idle_until = now_ + milliseconds{dice_() % 400'000};
        if (now_ >= replicas_[who].idle_until) call(who);
    }
    model_tiktok tiktok;

private:
    void hear(model_replica& of) {
        if (!of.asked || now_ < of.asked->answered_at) return;
        of.unanswered = of.asked->is_lost;
        if (!of.unanswered) of.mine = of.asked->answer;
        of.asked.reset();
    }
    void ask(std::size_t who, std::uint32_t waiting) {
        auto& of = replicas_[who];
        if (of.asked || of.cut_off) return;
        const auto in_use = of.used.used("ann", 0, now_);
        const auto want =
            request_size(in_use, waiting, max_request(limit_, minute, of.seen, now_), of.seen.count);
        of.mine.capacity = std::min(of.mine.capacity, want);
        of.asked = {{store_.take(who, want, in_use, limit_, now_), now_ + share_usable},
                    now_ + milliseconds{dice_() % 2'000},
                    dice_() % 20 == 0};
    }
    void call(std::size_t who) {
        auto& of = replicas_[who];
        const auto part =
            usable_capacity(of.mine, limit_, minute, of.seen, of.cut_off || of.unanswered, now_);
        if (part > 0) {
            auto taken = of.used.take("ann", 0, {part, minute}, now_, deadline{now_});
            if (auto* slot = std::get_if<permit>(&taken)) {
                slot->settle(now_);
                tiktok.call(now_);
                ++tiktok.total;
                if (of.mine.usable_until - now_ < share_renewed_before) ask(who, 0);
                return;
            }
        }
        ask(who, 1);
    }

    std::mt19937 dice_;
    milliseconds pace_{200}; // bursts, and long times with little use
    const std::uint32_t limit_;
    model_store store_;
    std::array<model_replica, 3> replicas_;
    steady_time now_ = start, cut_off_until_ = start;
};

TEST(Share, L07ThreeReplicasNeverExceedTheLimitHoweverOftenTheStoreGoesAwayAndOneIsCutOffForAWhile) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        const std::uint32_t limit = seed % 2 == 0 ? 6 : 60;
        model world(seed, limit);
        for (int steps = 0; steps < 30'000; ++steps)
            world.step();
        EXPECT_LE(world.tiktok.most, limit) << "seed " << seed;
        EXPECT_GT(world.tiktok.total, 100U) << "seed " << seed;
    }
}

} // namespace
} // namespace gateway::limits
