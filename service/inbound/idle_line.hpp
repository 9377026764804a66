// The connections of one listener that wait, each in the order of what it waits for, so that the oldest that
// is least useful makes room for a new client when the bound is reached (C20), and so that a drain ends those
// that nobody uses. Owned by the listener; its worker's thread only.
#pragma once
#include "base/clock.hpp"
#include "runtime/stream.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gateway::inbound {

class idle_line {
public:
    /// What a connection in the line waits for.
    enum class wait : std::uint8_t {
        first_request, // open, and nothing has been received
        rest_of_head,  // a handshake or a head has begun
        next_request,  // answered before: idle
        end_of_peer,   // all is said; lingers until the peer closes too
        slow_reader    // an answer is being written; only where a writer may be evicted
    };

    /// A connection's place; a member of its session. Leaves the line when it goes.
    class place {
    public:
        place(idle_line& line, stream& of) : line_(line), of_(of) {}
        ~place() { busy(); }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        void waits(wait what);
        void idle() { waits(wait::next_request); }
        void busy();

        /// It was chosen to make room: whatever it waited for has ended, and it has to go at once.
        bool evicted() const { return evicted_; }
        /// Asked after the doors have closed, of a request that arrives at `now`: whether it counts as sent
        /// before. That is the first request of a young connection, and one that was on its way when the
        /// connection was looked at to be ended.
        bool came_before_the_end(bool first_request, steady_time now) const {
            return had_input_ || (first_request && now - opened_ < young_for);
        }

    private:
        friend class idle_line;
        idle_line& line_;
        stream& of_;
        place* older_ = nullptr;
        place* newer_ = nullptr;
        steady_time opened_, since_;
        wait what_ = wait::first_request;
        bool in_line_ = false, evicted_ = false, had_input_ = false;
    };

    /// Chooses one, whose session then ends at once: the oldest without a whole head, else one that only
    /// lingers, else the one that has been idle longest, else a slow reader. `false`: all are busy.
    bool evict_oldest();
    /// The same, and only one without a whole head.
    bool evict_without_head();
    /// Connections that evict_without_head() would find; any thread.
    std::uint32_t without_head() const { return without_head_.load(std::memory_order_relaxed); }
    /// The drain: ends those that wait for a request, orderly. Not a young one that has not been answered
    /// yet, and none whose request has arrived already.
    void end_idle(steady_time now);

    /// A client that connects sends its request within this.
    static constexpr milliseconds young_for{1'000};

private:
    struct order {
        place* oldest = nullptr;
        place* newest = nullptr;
    };
    order& of(wait what) { return orders_[static_cast<std::size_t>(what)]; }
    static bool lacks_head(wait what) { return what == wait::first_request || what == wait::rest_of_head; }
    void count(wait what, int change);
    bool evict(place* gone);
    place* oldest_without_head();
    place* oldest_idle();

    std::array<order, 5> orders_;
    std::atomic<std::uint32_t> without_head_{0}; // written by the one thread only
};

} // namespace gateway::inbound
