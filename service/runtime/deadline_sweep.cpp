#include "runtime/deadline_sweep.hpp"

#include "runtime/waiter.hpp"

#include <boost/asio/io_context.hpp>

namespace gateway {

struct deadline_sweep::state {
    state(boost::asio::io_context& loop, milliseconds every) : timer(loop.get_executor()), period(every) {}

    steady_timer timer;
    milliseconds period;
    bool ticking = false;
};

void deadline_sweep::link(entry& ring, entry& last) {
    last.next_ = &ring;
    last.previous_ = ring.previous_;
    ring.previous_->next_ = &last;
    ring.previous_ = &last;
}

void deadline_sweep::entry::arm(deadline_sweep& sweep, deadline at) {
    at_ = at;
    if (armed()) return;
    link(sweep.ring_, *this);
    sweep.begin_ticking();
}

void deadline_sweep::entry::disarm() {
    if (!armed()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
}

deadline_sweep::deadline_sweep(boost::asio::io_context& loop, milliseconds tick)
    : state_(std::make_unique<state>(loop, tick)) {
    ring_.next_ = ring_.previous_ = &ring_;
}

deadline_sweep::~deadline_sweep() {
    // Frames that are destroyed later, with their loop, disarm entries that are already unlinked.
    while (!empty())
        ring_.next_->disarm();
    ring_.next_ = ring_.previous_ = nullptr;
}

void deadline_sweep::begin_ticking() {
    if (state_->ticking) return;
    state_->ticking = true;
    state_->timer.expires_after(state_->period);
    state_->timer.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) tick(); // an error means that the sweep is being destroyed
    });
}

void deadline_sweep::tick() {
    const steady_time now = steady_now();
    // Entries that are due are moved to a list of their own first: on_expired() may arm, disarm and destroy
    // any other entry.
    head due;
    due.next_ = due.previous_ = &due;
    for (entry* e = ring_.next_; e != &ring_;) {
        entry* const following = e->next_;
        if (e->at_.passed(now)) {
            e->disarm();
            link(due, *e);
        }
        e = following;
    }
    while (due.next_ != &due) {
        entry* const first = due.next_;
        first->disarm();
        first->on_expired();
    }
    due.next_ = due.previous_ = nullptr;
    // When the last entry is disarmed the timer is not cancelled but runs out, so that a busy worker does not
    // start it again for each call.
    state_->ticking = false;
    if (!empty()) begin_ticking();
}

} // namespace gateway
