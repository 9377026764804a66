#include "inbound/idle_line.hpp"

namespace gateway::inbound {

void idle_line::place::waits(wait what) {
    if (in_line_ && what_ == what) return;
    busy();
    auto& order = line_.of(what);
    older_ = order.newest;
    newer_ = nullptr;
    (older_ ? older_->newer_ : order.oldest) = this;
    order.newest = this;
    what_ = what;
    in_line_ = true;
    if (what == wait::first_request || what == wait::rest_of_head) since_ = coarse_steady_now();
    if (what == wait::first_request) opened_ = since_; // after the handshake, where there is one
}

void idle_line::place::busy() {
    if (!in_line_) return;
    auto& order = line_.of(what_);
    (older_ ? older_->newer_ : order.oldest) = newer_;
    (newer_ ? newer_->older_ : order.newest) = older_;
    in_line_ = false;
}

idle_line::place* idle_line::oldest_without_head() {
    place* const silent = of(wait::first_request).oldest;
    place* const begun = of(wait::rest_of_head).oldest;
    if (!silent || !begun) return silent ? silent : begun;
    return silent->since_ < begun->since_ ? silent : begun;
}

idle_line::place* idle_line::oldest_idle() {
    constexpr int looks_max = 32; // each is a system call
    int looks = 0;
    for (place* one = of(wait::next_request).oldest; one && looks < looks_max; one = one->newer_, ++looks)
        if (!one->of_.has_unread_input()) return one; // else its next request is here
    return nullptr;
}

bool idle_line::evict_oldest() {
    place* gone = oldest_without_head();
    if (!gone) gone = of(wait::end_of_peer).oldest;
    if (!gone) gone = oldest_idle();
    if (!gone) gone = of(wait::slow_reader).oldest;
    if (!gone) return false;
    gone->busy();
    gone->evicted_ = true;
    gone->of_.cancel(); // what its session waits for ends, and with it the session
    return true;
}

void idle_line::end_idle(steady_time now) {
    for (const wait what : {wait::first_request, wait::next_request})
        for (place* one = of(what).oldest; one;) {
            place* const following = one->newer_;
            if (one->of_.has_unread_input())
                one->had_input_ = true;
            else if (what == wait::next_request || now - one->opened_ >= young_for)
                one->of_.cancel();
            one = following;
        }
}

} // namespace gateway::inbound
