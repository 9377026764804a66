// A simulated world in one thread: future events, the loops of the replicas, and the trace. Everything is
// determined by the seed. Exists for one run, which owns it.
#pragma once
#include "base/clock.hpp"
#include "deterministic/dice.hpp"
#include "deterministic/virtual_time.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::simulation {

/// One replica's loop.
struct seat {
    boost::asio::io_context* loop = nullptr;
    int waits_at = -1;         // virtual_time's number of the loop
    bool paused = false;       // its thread is paused (T13)
    milliseconds wall_skew{0}; // Q02
};

class world {
public:
    explicit world(std::uint64_t seed);
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    dice& chance() { return dice_; }
    std::uint64_t seed() const { return seed_; }

    void after(microseconds wait, std::function<void()> what);
    void join(seat& one) { seats_.push_back(&one); }
    void leave(seat& one) { std::erase(seats_, &one); }

    /// Runs all events that are due until `end`, in random order if several are due at the same time.
    void run_until(steady_time end);
    void run_for(milliseconds time) { run_until(steady_now() + time); }

    /// Adds to the trace: two runs are equal if their traces are.
    void note(std::string_view what, std::string_view whom = {}, std::uint64_t number = 0);
    std::uint64_t trace() const { return trace_; }

    /// Notes a violation. The first few are kept, and the run continues.
    void violation(std::string what);
    const std::vector<std::string>& violations() const { return violations_; }

private:
    struct event {
        steady_time at;
        std::uint64_t number;
        std::function<void()> what;
        bool operator>(const event& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    void let_run();
    std::optional<steady_time> next() const;

    std::uint64_t seed_;
    virtual_time time_;
    dice dice_;
    std::vector<seat*> seats_;
    std::vector<event> events_; // a heap with the next event first
    std::uint64_t events_made_ = 0;
    std::uint64_t trace_ = 0xcbf29ce484222325U; // FNV-1a
    std::vector<std::string> violations_;
    const bool told_; // SIMULATION_TRACE: prints each line of the trace
};

} // namespace gateway::simulation
