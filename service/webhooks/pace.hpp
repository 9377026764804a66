// When a receiver is sent how much: pure bookkeeping of one process, so that a receiver that is slow or dead
// delays nobody else's, and is not hammered. The back-off of each delivery stands in the store; this one is
// of the receiver as a whole. Owned by one deliverer.
#pragma once
#include "base/backoff.hpp"
#include "base/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace gateway::webhooks {

inline constexpr std::size_t under_way_of_receiver_max = 8; // deliveries at once, of this process
inline constexpr std::size_t under_way_max = 256;           // of all receivers
/// A receiver is quick if its last answer took no longer, whatever it said.
inline constexpr milliseconds quick_answer{1'000};
/// Those that are not share this part of all, and a part of this one is for those with nothing under way.
inline constexpr std::size_t under_way_of_slow_max = under_way_max / 2;
inline constexpr std::size_t several_of_slow_max = under_way_of_slow_max / 2;
/// Beyond this the places are for quick receivers with nothing under way.
inline constexpr std::size_t shared_by_all_max = under_way_max / 4 * 3;
/// So many failures in a row are not those of single events: the receiver is sent one at a time then, with
/// rests between.
inline constexpr std::uint32_t failures_until_rest = 8;
inline constexpr milliseconds longest_wait{3'600'000};
inline constexpr milliseconds longest_rest{60'000};

/// Before the next try of a delivery that was tried so often: between half and all of a time that doubles.
inline milliseconds retry_wait(milliseconds first, std::uint32_t tries, double random) {
    const auto doubled = std::min(longest_wait, first * (std::int64_t{1} << std::min(tries, 20U)));
    return doubled / 2 + jittered_backoff(doubled - doubled / 2, 0, longest_wait, random);
}

class receiver_pace {
public:
    /// How many more may be sent now. One, until it is known how quick it is.
    std::size_t room(steady_time now) const {
        if (is_failing() && now < rests_until_) return 0;
        const auto most = is_failing() || !has_answered_ ? 1 : under_way_of_receiver_max;
        return most - std::min(under_way_, most);
    }
    void started() { ++under_way_; }
    /// With an answer, or without one in time.
    void ended(milliseconds took) {
        --under_way_;
        has_answered_ = true;
        is_quick_ = took <= quick_answer;
    }
    void succeeded() { failures_ = 0; }
    /// `random` is 0…1.
    void failed(steady_time now, milliseconds first, double random) {
        ++failures_;
        if (!is_failing()) return;
        const auto rests = failures_ - failures_until_rest;
        rests_until_ = now + std::min(longest_rest, retry_wait(first, rests, random));
    }
    bool is_failing() const { return failures_ >= failures_until_rest; }
    bool is_quick() const { return has_answered_ && is_quick_ && !is_failing(); }
    /// One that has not answered yet is neither.
    bool is_slow() const { return has_answered_ && !is_quick(); }
    std::size_t under_way() const { return under_way_; }

private:
    std::size_t under_way_ = 0;
    std::uint32_t failures_ = 0; // in a row
    bool has_answered_ = false, is_quick_ = false;
    steady_time rests_until_{};
};

/// The places of all receivers. Whoever is slow or dead never takes them all: quick receivers find some, and
/// those with nothing under way before those with much.
class shared_places {
public:
    void count(const receiver_pace& of) {
        under_way_ += of.under_way();
        if (of.is_slow()) of_slow_ += of.under_way();
    }
    /// How many more this receiver may be sent now; they count as taken.
    std::size_t take(const receiver_pace& of, steady_time now) {
        const auto room = of.room(now);
        std::size_t out = 0;
        if (room > 0 && of.under_way() == 0 && free_for_first(of) > 0) out = take_these(of, 1);
        if (room > out) out += take_these(of, std::min(room - out, free_for_several(of)));
        return out;
    }

private:
    static std::size_t left(std::size_t most, std::size_t used) { return most - std::min(most, used); }
    std::size_t free_for_first(const receiver_pace& of) const {
        if (of.is_quick()) return left(under_way_max, under_way_);
        const auto free = left(shared_by_all_max, under_way_);
        return of.is_slow() ? std::min(free, left(under_way_of_slow_max, of_slow_)) : free;
    }
    std::size_t free_for_several(const receiver_pace& of) const {
        const auto free = left(shared_by_all_max, under_way_);
        return of.is_slow() ? std::min(free, left(several_of_slow_max, of_slow_)) : free;
    }
    std::size_t take_these(const receiver_pace& of, std::size_t count) {
        under_way_ += count;
        if (of.is_slow()) of_slow_ += count;
        return count;
    }

    std::size_t under_way_ = 0, of_slow_ = 0;
};

} // namespace gateway::webhooks
