// A world in one thread: what will happen and when, the loops of the replicas, and the trace of what
// happened. Everything in it is decided by the seed. Lives as long as one run; owned by it.
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

/// One replica's loop, as the world sees it.
struct seat {
    boost::asio::io_context* loop = nullptr;
    int waits_at = -1;         // virtual_time's name of the loop
    bool paused = false;       // its thread stands still (T13)
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

    /// Lets everything happen that is due until `end`, in an order of the dice where several can.
    void run_until(steady_time end);
    void run_for(milliseconds time) { run_until(steady_now() + time); }

    /// Part of the trace: two runs are the same when their traces are.
    void note(std::string_view what, std::string_view whom = {}, std::uint64_t number = 0);
    std::uint64_t trace() const { return trace_; }

    /// A promise was broken. The first few are kept; the run goes on.
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
    std::vector<event> events_; // a heap, the next one first
    std::uint64_t events_made_ = 0;
    std::uint64_t trace_ = 0xcbf29ce484222325U; // FNV-1a
    std::vector<std::string> violations_;
    const bool told_; // SIMULATION_TRACE: each line of the trace as it is made
};

} // namespace gateway::simulation
