#include "runtime/deadline_sweep.hpp"

#include "base/memory/memory_reserve.hpp"

namespace gateway {

void deadline_sweep::add(entry& one) {
    entries_.push_back(one);
    begin_ticking();
}

void deadline_sweep::begin_ticking() {
    if (ticking_) return;
    const memory_reserve::scope no_failure; // else no deadline would ever be kept again
    ticking_ = true;
    timer_.expires_after(period_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
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
    ticking_ = false;
    if (!empty()) begin_ticking();
}

} // namespace gateway
