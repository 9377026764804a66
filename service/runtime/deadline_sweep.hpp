// Deadlines of socket operations without a timer for each: an operation links an entry, and one coarse timer
// per worker checks all entries (a timer per operation costs a seventh of a request). Owned by a worker, used
// from its thread only.
#pragma once
#include "base/clock.hpp"

#include <memory>

namespace boost::asio {
class io_context;
}

namespace gateway {

class deadline_sweep {
public:
    /// One deadline. A member (or base) of the object it guards; its destructor unlinks it.
    class entry {
    public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

        /// Links the entry, or moves its deadline if it is linked already. Expires once, up to one tick late,
        /// and is unlinked then.
        void arm(deadline_sweep& sweep, deadline at);
        void disarm();
        bool armed() const { return previous_ != nullptr; }

        virtual ~entry() { disarm(); }

    private:
        friend class deadline_sweep;
        /// Called on the worker's thread, when the entry is already unlinked; may arm or destroy this and
        /// other entries.
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
    /// The sentinel of the circular list of entries.
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
