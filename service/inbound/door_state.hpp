// What all doors of the process share: whether we serve, and how much is in flight. Made by main, written by
// main (phase) and by sessions (counts); any thread.
#pragma once
#include "base/clock.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace gateway::inbound {

/// The drain of product §8. `serving`; `leaving`: not ready any more, served as ever, answers say Connection:
/// close; `closed`: no new connections, what comes later on an open one gets 503 draining.
enum class phase : std::uint8_t { serving, leaving, closed };

/// A count that all workers change at every request: each on a line of the processor's caches that is its
/// own, so that none waits until another has given the line away.
class count_of_workers {
public:
    std::atomic<std::uint32_t>& of(unsigned worker) { return parts_[worker % parts_.size()].number; }
    std::uint32_t load() const {
        std::uint32_t sum = 0;
        for (const part& one : parts_)
            sum += one.number.load();
        return sum;
    }

private:
    struct alignas(64) part {
        std::atomic<std::uint32_t> number{0};
    };
    std::array<part, 16> parts_;
};

struct door_state {
    std::atomic<phase> now{phase::serving};
    last_moment calls_end; // every call's deadline is under it; the drain's deadline sets it
    count_of_workers requests_in_flight, connections;
    std::atomic<std::uint64_t> descriptor_shortages{
        0}; // times a client could not be accepted for want of one
};

/// Counts one thing for as long as it lives.
class counted {
public:
    explicit counted(std::atomic<std::uint32_t>& number) : number_(number) {
        number_.fetch_add(1, std::memory_order_relaxed);
    }
    ~counted() { number_.fetch_sub(1, std::memory_order_relaxed); }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

private:
    std::atomic<std::uint32_t>& number_;
};

} // namespace gateway::inbound
