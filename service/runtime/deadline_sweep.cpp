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

deadline_sweep::deadline_sweep(boost::asio::io_context& loop, milliseconds tick)
    : state_(std::make_unique<state>(loop, tick)) {}
deadline_sweep::~deadline_sweep() = default;

void deadline_sweep::add(entry& one) {
    entries_.push_back(one);
    begin_ticking();
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
    entry_list due;
    for (auto next = entries_.begin(); next != entries_.end();) {
        entry& one = *next++;
        if (!one.at_.passed(now)) continue;
        one.disarm();
        due.push_back(one);
    }
    while (!due.empty()) {
        entry& first = due.front();
        due.pop_front();
        first.on_expired();
    }
    // When the last entry is disarmed the timer is not cancelled but runs out, so that a busy worker does not
    // start it again for each call.
    state_->ticking = false;
    if (!empty()) begin_ticking();
}

} // namespace gateway
