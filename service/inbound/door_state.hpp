// What all doors of the process share: whether we serve, and how much is in flight. Made by main, written by
// main (phase) and by sessions (counts); any thread.
#pragma once
#include "base/clock.hpp"

#include <atomic>
#include <cstdint>

namespace gateway::inbound {

/// The drain of product §8. `serving`; `leaving`: not ready any more, served as ever, answers say Connection:
/// close; `closed`: no new connections, what comes later on an open one gets 503 draining.
enum class phase : std::uint8_t { serving, leaving, closed };

struct door_state {
    std::atomic<phase> now{phase::serving};
    last_moment calls_end; // every call's deadline is under it; the drain's deadline sets it
    std::atomic<std::uint32_t> requests_in_flight{0};
    std::atomic<std::uint32_t> connections{0};
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
