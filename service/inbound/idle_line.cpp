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
    line_.count(what, 1);
    if (lacks_head(what)) since_ = coarse_steady_now();
    if (what == wait::first_request) opened_ = since_; // after the TLS handshake, if there is one
}

void idle_line::place::busy() {
    if (!in_line_) return;
    auto& order = line_.of(what_);
    (older_ ? older_->newer_ : order.oldest) = newer_;
    (newer_ ? newer_->older_ : order.newest) = older_;
    line_.count(what_, -1);
    in_line_ = false;
}

idle_line::place* idle_line::oldest_without_head() {
    place* const silent = of(wait::first_request).oldest;
    place* const begun = of(wait::rest_of_head).oldest;
    if (!silent || !begun) return silent ? silent : begun;
    return silent->since_ < begun->since_ ? silent : begun;
}

idle_line::place* idle_line::oldest_idle() {
    constexpr int looks_max = 32; // each check is a system call
    int looks = 0;
    for (place* one = of(wait::next_request).oldest; one && looks < looks_max; one = one->newer_, ++looks)
        if (!one->of_.has_unread_input()) return one; // else its next request has arrived
    return nullptr;
}

void idle_line::count(wait what, int change) {
    if (!lacks_head(what)) return;
    const auto now = without_head_.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(change);
    without_head_.store(now, std::memory_order_relaxed);
}

bool idle_line::evict(place* gone) {
    if (!gone) return false;
    gone->busy();
    gone->evicted_ = true;
    gone->of_.abandon(); // ends the session's wait, and so the session
    return true;
}

bool idle_line::evict_without_head() {
    return evict(oldest_without_head());
}

bool idle_line::evict_oldest() {
    return evict_without_head() || evict(of(wait::end_of_peer).oldest) || evict(oldest_idle())
           || evict(of(wait::slow_reader).oldest);
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
