// Deadlines of socket work without a timer per operation: whoever waits links an entry, and one coarse timer
// per worker looks through them (a timer per operation costs a seventh of a request). Owned by a worker,
// used from its thread only.
#pragma once
#include "base/clock.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace gateway {

class deadline_sweep {
public:
    /// One thing that can expire. A member (or base) of what it guards; unlinks itself when that goes.
    class entry {
    public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

        /// Links, or moves the deadline when linked already. Fires once, up to one tick late, then is
        /// unlinked.
        void arm(deadline_sweep& sweep, deadline at);
        void disarm();
        bool armed() const { return previous_ != nullptr; }

        virtual ~entry() { disarm(); }

    private:
        friend class deadline_sweep;
        /// On the worker's thread, already unlinked; may arm or destroy this and other entries.
        virtual void on_expired() = 0;

        entry* next_ = nullptr;
        entry* previous_ = nullptr; // null: not linked
        deadline at_{steady_time{}};
    };

    static constexpr milliseconds default_tick{50};

    explicit deadline_sweep(boost::asio::io_context& loop, milliseconds tick = default_tick);
    ~deadline_sweep();
    deadline_sweep(const deadline_sweep&) = delete;
    deadline_sweep& operator=(const deadline_sweep&) = delete;

    bool empty() const { return ring_.next_ == &ring_; }

private:
    /// Where the ring of entries begins and ends.
    class head final : public entry {
        void on_expired() override {}
    };
    struct state;
    void begin_ticking();
    void tick();
    static void link(entry& ring, entry& last);

    head ring_;
    std::unique_ptr<state> state_;
};

} // namespace gateway
