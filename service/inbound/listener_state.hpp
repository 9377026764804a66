// State that all listeners of the process share: the phase of the drain, and counts of connections and calls.
// Made and written by the service (phase) and by sessions (counts); any thread.
#pragma once
#include "base/clock.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace gateway::inbound {

/// The phases of the drain (docs/contract.md §8). `serving`; `leaving`: reports not ready, still serves every
/// call, answers have Connection: close; `closed`: no new connections, and later requests on open ones get
/// 503 draining.
enum class phase : std::uint8_t { serving, leaving, closed };

/// A count that all workers change at every request. Each worker has a part of it on a cache line of its own,
/// so that workers do not slow each other down.
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

struct listener_state {
    std::atomic<phase> now{phase::serving};
    shutdown_cutoff calls_end; // the upper bound of every call's deadline, set by the drain's deadline
    const waiting_party no_party{calls_end}; // of calls of a caller who shares with nobody
    count_of_workers requests_in_flight, connections;
    std::atomic<std::uint64_t> descriptor_shortages{
        0}; // how often a client could not be accepted for lack of a descriptor
};

/// Adds one to a count while it exists.
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
