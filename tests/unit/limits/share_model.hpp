// Replicas, one window, the store's grants as its SQL makes them (store/window_shares.cpp), TikTok's count,
// and faults between them: the rules of limits/share.hpp with a window_table, in steps that a seed makes.
#pragma once
#include "limits/share.hpp"
#include "limits/window.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <variant>
#include <vector>

namespace gateway::limits {

constexpr milliseconds minute{60'000};

/// What a replica tells of its use, and requests.
struct model_request {
    std::uint32_t used = 0, wanted = 0;
    std::vector<milliseconds> frees; // of each slot whose end is known
    int turn = 0;
};

class model_store {
public:
    explicit model_store(std::uint32_t limit) : limit_(limit) {}

    /// Of one life of a replica: when it was last heard, and until when it may have used what it has not
    /// told.
    struct heartbeat {
        steady_time at, back_until;
    };
    std::map<int, heartbeat> beats;

    std::uint32_t take(int who, const model_request& what, steady_time now) {
        std::uint32_t held = 0;
        for (const auto& [owner, each] : rows_)
            if (owner != who) held += counted(owner, each, now);
        const auto granted = std::min(what.wanted, limit_ > held ? limit_ - held : 0);
        write(who, what, std::max(granted, what.used), now, now + share_held(minute));
        return granted;
    }
    void give_back(int who, const model_request& what, std::uint32_t kept, steady_time now) {
        write(who, what, kept, now, rows_[who].held_until);
    }
    /// What one replica finds of the others with its beat.
    others_seen others(int who, steady_time now) const {
        others_seen out;
        std::optional<steady_time> last, last_silent;
        const auto is_alive = [now](const heartbeat& each) { return now - each.at < minute; };
        for (const auto& [owner, each] : beats) {
            if (owner == who) continue;
            last = std::max(last.value_or(each.at), each.at);
            if (!is_alive(each)) last_silent = std::max(last_silent.value_or(each.at), each.at);
            out.back_for = std::max(out.back_for, std::chrono::ceil<milliseconds>(each.back_until - now));
        }
        for (const auto& [owner, each] : beats) {
            if (owner == who) continue;
            if (is_alive(each)) ++out.alive;
            if (is_alive(each) || each.at > *last_silent - seconds{15}) ++out.known;
        }
        if (last) out.silence = std::chrono::floor<milliseconds>(now - *last);
        return out;
    }

private:
    struct row {
        std::uint32_t capacity = 0;
        std::vector<steady_time> frees;
        steady_time told_at{}, held_until{};
        int turn = 0;
    };

    std::uint32_t counted(int owner, const row& of, steady_time now) const {
        const auto heard = std::max(beats.at(owner).at, of.told_at);
        if (now >= std::min(of.held_until, heard + silent_share_held(minute))) return 0;
        const auto past =
            std::count_if(of.frees.begin(), of.frees.end(), [now](steady_time each) { return each <= now; });
        return of.capacity - std::min(of.capacity, static_cast<std::uint32_t>(past));
    }
    void write(int who, const model_request& what, std::uint32_t capacity, steady_time now,
               steady_time held_until) {
        row& of = rows_[who];
        if (of.turn >= what.turn) return; // it came late
        of = {capacity, {}, now, held_until, what.turn};
        for (const auto each : what.frees)
            of.frees.push_back(now + each);
    }

    const std::uint32_t limit_;
    std::map<int, row> rows_;
};

/// One life of a replica.
struct model_replica {
    int owner = 0;
    share mine;
    replicas_seen seen;
    window_table table{{window_rule{6, minute}}};
    int turn = 0;
    bool asking = false, unanswered = false, cut_off = false;
    std::uint64_t asks = 0; // so that an answer that comes late is not taken for the next one's
    steady_time idle_until{}, frozen_until{}, next_beat{};
};

/// TikTok's count of the last minute.
class model_tiktok {
public:
    void call(steady_time at) {
        while (!calls_.empty() && calls_.front() <= at - minute)
            calls_.pop_front();
        calls_.push_back(at);
        most = std::max(most, calls_.size());
        ++total;
    }
    std::size_t most = 0, total = 0;

private:
    std::deque<steady_time> calls_;
};

class model {
public:
    model(std::uint32_t seed, std::uint32_t limit) : dice_(seed), limit_(limit), store_(limit) {
        for (auto& each : replicas_)
            begin_life(each);
    }
    void step();
    model_tiktok tiktok;
    int kills = 0, freezes = 0;

private:
    bool one_in(unsigned chance) { return dice_() % chance == 0; }
    milliseconds up_to(unsigned most_ms) { return milliseconds{dice_() % most_ms}; }
    void later(milliseconds in, std::function<void()> what) { events_.emplace(now_ + in, std::move(what)); }
    void happen();
    void begin_life(std::optional<model_replica>& in);
    void trouble(std::size_t who);
    void beat(model_replica& of);
    model_request request_of(model_replica& of, std::uint32_t wanted);
    void ask(std::size_t who, std::uint32_t waiting);
    void give_back(std::size_t who);
    void call(std::size_t who);
    void send(std::size_t who, int owner, permit slot, steady_time until);
    model_replica* life(std::size_t who, int owner) {
        auto& of = replicas_[who];
        return of->owner == owner ? &*of : nullptr;
    }
    bool stands_still(const model_replica& of) const { return now_ < of.frozen_until; }

    std::mt19937 dice_;
    milliseconds pace_{200}; // bursts, and long times with little use
    const std::uint32_t limit_;
    model_store store_;
    std::array<std::optional<model_replica>, 3> replicas_;
    std::multimap<steady_time, std::function<void()>> events_;
    steady_time now_{std::chrono::hours{2}}, cut_off_until_ = now_;
    int lives_ = 0;
};

} // namespace gateway::limits
