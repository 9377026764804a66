#include "unit/limits/share_model.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace gateway::limits {

void model::happen() {
    while (!events_.empty() && events_.begin()->first <= now_) {
        auto what = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        what();
    }
}

/// One that cannot reach the store waits for it, and answers no calls meanwhile.
void model::begin_life(std::optional<model_replica>& in) {
    const bool cut_off = in && in->cut_off;
    in.emplace();
    in->owner = ++lives_;
    in->cut_off = in->seen.waited_for_store = cut_off;
    in->next_beat = in->seen.started_at = now_;
    beat(*in);
}

/// An outage for all for minutes, one replica cut off for less, one killed, one that stands still.
void model::trouble(std::size_t who) {
    auto& of = replicas_[who];
    if (one_in(2'000) && now_ > cut_off_until_ + seconds{10}) {
        const bool all = one_in(2);
        cut_off_until_ = now_ + up_to(all ? 900'000 : 75'000);
        for (std::size_t i = 0; i < replicas_.size(); ++i)
            replicas_[i]->cut_off = all || i == who;
    }
    if (one_in(500)) {
        begin_life(of);
        ++kills;
    }
    if (one_in(700)) {
        of->frozen_until = now_ + up_to(one_in(4) ? 200'000 : 20'000);
        ++freezes;
    }
    if (one_in(4'000)) of->idle_until = now_ + up_to(400'000);
}

void model::beat(model_replica& of) {
    if (now_ < of.next_beat) return;
    of.next_beat = now_ + seconds{5};
    const bool is_open = of.seen.first_beat != steady_time{};
    if (of.cut_off) return is_open ? of.seen.beat_failed(now_) : void();
    const auto back_for = until_all_is_told(minute, of.seen, now_);
    store_.beats[of.owner] = {now_, now_ + back_for};
    of.seen.beat(now_, store_.others(of.owner, now_));
}

void model::step() {
    if (one_in(200)) pace_ = one_in(2) ? milliseconds{100} : milliseconds{20'000};
    const auto end = now_ + up_to(static_cast<unsigned>(pace_.count()));
    while (!events_.empty() && events_.begin()->first <= end) {
        now_ = std::max(now_, events_.begin()->first);
        happen();
    }
    now_ = end;
    const std::size_t who = dice_() % replicas_.size();
    trouble(who);
    for (auto& each : replicas_) {
        if (now_ >= cut_off_until_) each->cut_off = false;
        if (!stands_still(*each)) beat(*each);
    }
    const auto& of = *replicas_[who];
    const bool is_open = of.seen.first_beat != steady_time{};
    if (is_open && now_ >= of.idle_until && !stands_still(of)) call(who);
}

model_request model::request_of(model_replica& of, std::uint32_t wanted) {
    const auto taken = of.table.taken("ann", 0, now_);
    of.mine.forget_past(now_);
    of.mine.reduce(wanted, taken);
    model_request out{taken.used, wanted, {}, ++of.turn};
    for (const auto& each : taken.ends)
        out.frees.insert(out.frees.end(), each.count, std::chrono::ceil<milliseconds>(each.free_at - now_));
    return out;
}

/// The request arrives late, or later than its answer is waited for, or is answered and the answer is lost.
void model::ask(std::size_t who, std::uint32_t waiting) {
    auto& of = *replicas_[who];
    if (of.asking || of.cut_off) return;
    const auto began = now_;
    const auto used = of.table.taken("ann", 0, now_).used;
    const auto most = max_request(limit_, minute, of.seen, now_);
    const auto what = request_of(of, request_size(used, waiting, most));
    const auto told = of.mine.told;
    const auto number = ++of.asks;
    const bool lost = one_in(20);
    of.asking = true;
    later(up_to(lost ? 5'000 : 1'000), [this, who, what, told, began, lost, number, owner = of.owner] {
        const auto granted = store_.take(owner, what, now_);
        if (!lost && granted < std::min(limit_, what.used + 1))
            for (std::size_t other = 0; other < replicas_.size(); ++other)
                if (other != who) give_back(other);
        if (lost) return;
        later(up_to(1'000), [this, who, granted, told, began, number, owner] {
            auto* const asker = life(who, owner);
            if (!asker || asker->asks != number || !asker->asking) return;
            asker->mine.capacity = granted;
            asker->mine.granted_at = began;
            asker->mine.told = told;
            asker->asking = asker->unanswered = false;
        });
    });
    later(seconds{2}, [this, who, number, owner = of.owner] {
        auto* const asker = life(who, owner);
        if (!asker || asker->asks != number || !asker->asking) return;
        asker->asking = false;
        asker->unanswered = true;
    });
}

void model::give_back(std::size_t who) {
    auto& of = *replicas_[who];
    const bool is_open = of.seen.first_beat != steady_time{};
    if (!is_open || of.asking || of.cut_off || stands_still(of)) return;
    const auto used = of.table.taken("ann", 0, now_).used;
    of.mine.forget_past(now_);
    const auto what = request_of(of, used);
    later(up_to(3'000), [this, what, owner = of.owner] { store_.give_back(owner, what, what.used, now_); });
}

void model::call(std::size_t who) {
    auto& of = *replicas_[who];
    of.mine.forget_past(now_);
    const auto part = std::min(
        limit_, usable_capacity(of.mine, limit_, minute, of.seen, of.cut_off || of.unanswered, now_));
    const auto until = now_ + seconds{60};
    if (part > 0) {
        auto taken = of.table.take("ann", 0, {part, minute, limit_, part}, now_, deadline{until});
        if (auto* slot = std::get_if<permit>(&taken)) {
            send(who, of.owner, std::move(*slot), until);
            if (of.mine.granted_at + share_usable - now_ < share_renewed_before) ask(who, 0);
            return;
        }
    }
    ask(who, 1);
}

/// It may stand still with the slot in its hand, and sends what is not too late when it wakes up.
void model::send(std::size_t who, int owner, permit slot, steady_time until) {
    auto& of = *replicas_[who];
    if (one_in(300)) of.frozen_until = now_ + up_to(100'000);
    const auto held = std::make_shared<permit>(std::move(slot));
    const auto by = send_by(of.mine, of.seen, now_);
    const auto begin = [this, who, owner, held, until, by] {
        auto* const sender = life(who, owner);
        if (!sender || now_ >= until || now_ >= by) return;
        tiktok.call(now_);
        later(up_to(300), [this, who, owner, held] {
            if (life(who, owner)) held->settle(now_);
        });
    };
    if (stands_still(of))
        later(of.frozen_until - now_ > milliseconds{0}
                  ? std::chrono::ceil<milliseconds>(of.frozen_until - now_)
                  : milliseconds{0},
              begin);
    else
        begin();
}

namespace {

TEST(Share, L07ThreeReplicasNeverExceedTheLimitWhicheverIsKilledCutOffOrStandsStill) {
    int kills = 0, freezes = 0;
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        const std::uint32_t limit = seed % 2 == 0 ? 6 : 60;
        model world(seed, limit);
        for (int steps = 0; steps < 30'000; ++steps)
            world.step();
        EXPECT_LE(world.tiktok.most, limit) << "seed " << seed;
        EXPECT_GT(world.tiktok.total, 100U) << "seed " << seed;
        kills += world.kills;
        freezes += world.freezes;
    }
    EXPECT_GT(kills, 500);
    EXPECT_GT(freezes, 500);
}

} // namespace
} // namespace gateway::limits
