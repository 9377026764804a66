// Deadlines of socket operations without a timer for each: an operation links an entry, and one coarse timer
// per worker checks all entries (a timer per operation costs a seventh of a request). Owned by a worker, used
// from its thread only.
#pragma once
#include "base/clock.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

namespace gateway {

class deadline_sweep {
public:
    /// One deadline. A member (or base) of the object it guards; its destructor unlinks it.
    class entry {
    public:
        entry() = default;
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        virtual ~entry() = default;

        /// Links the entry, or moves its deadline if it is linked already. Expires once, up to one tick late,
        /// and is unlinked then.
        void arm(deadline_sweep& sweep, deadline at) {
            at_ = at;
            if (!armed()) sweep.add(*this);
        }
        void disarm() { place_.unlink(); }
        bool armed() const { return place_.is_linked(); }

    private:
        friend class deadline_sweep;
        /// Called on the worker's thread, when the entry is already unlinked; may arm or destroy this and
        /// other entries.
        virtual void on_expired() = 0;

        boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> place_;
        deadline at_{steady_time{}};
    };

    static constexpr milliseconds default_tick{50};

    explicit deadline_sweep(boost::asio::io_context& loop, milliseconds tick = default_tick)
        : timer_(loop.get_executor()), period_(tick) {}
    deadline_sweep(const deadline_sweep&) = delete;
    deadline_sweep& operator=(const deadline_sweep&) = delete;

    bool empty() const { return entries_.empty(); }

private:
    using entry_list =
        boost::intrusive::list<entry,
                               boost::intrusive::member_hook<entry, decltype(entry::place_), &entry::place_>,
                               boost::intrusive::constant_time_size<false>>;
    void add(entry& one);
    void begin_ticking();
    void tick();

    entry_list
        entries_; // its destructor unlinks them, so that frames that are destroyed later may disarm theirs
    steady_timer timer_;
    milliseconds period_;
    bool ticking_ = false;
};

} // namespace gateway
