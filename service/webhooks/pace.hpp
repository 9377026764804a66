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
/// Receivers that do not answer well share this part of it, one place each.
inline constexpr std::size_t under_way_of_failing_max = under_way_max / 2;
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
    /// How many more may be sent now.
    std::size_t room(steady_time now) const {
        if (is_failing()) return under_way_ == 0 && now >= rests_until_ ? 1 : 0;
        return under_way_of_receiver_max - std::min(under_way_, under_way_of_receiver_max);
    }
    void started() { ++under_way_; }
    void ended() { --under_way_; }
    void succeeded() { failures_ = 0; }
    /// `random` is 0…1.
    void failed(steady_time now, milliseconds first, double random) {
        ++failures_;
        if (!is_failing()) return;
        const auto rests = failures_ - failures_until_rest;
        rests_until_ = now + std::min(longest_rest, retry_wait(first, rests, random));
    }
    bool is_failing() const { return failures_ >= failures_until_rest; }
    std::size_t under_way() const { return under_way_; }

private:
    std::size_t under_way_ = 0;
    std::uint32_t failures_ = 0; // in a row
    steady_time rests_until_{};
};

} // namespace gateway::webhooks
