#include "inbound/connection_queue.hpp"

namespace gateway::inbound {

void connection_queue::place::waits(wait what) {
    if (order_.is_linked() && what_ == what) return;
    busy();
    line_.of(what).push_back(*this);
    what_ = what;
    line_.count(what, 1);
    if (lacks_head(what)) since_ = coarse_steady_now();
    if (what == wait::first_request) opened_ = since_; // after the TLS handshake, if there is one
}

void connection_queue::place::busy() {
    if (!order_.is_linked()) return;
    auto& order = line_.of(what_);
    order.erase(order.iterator_to(*this));
    line_.count(what_, -1);
}

connection_queue::place* connection_queue::oldest_without_head() {
    place* const silent = oldest(wait::first_request);
    place* const begun = oldest(wait::rest_of_head);
    if (!silent || !begun) return silent ? silent : begun;
    return silent->since_ < begun->since_ ? silent : begun;
}

connection_queue::place* connection_queue::oldest_idle() {
    constexpr int looks_max = 32; // each check is a system call
    int looks = 0;
    for (place& one : of(wait::next_request)) {
        if (looks++ == looks_max) break;
        if (!one.of_.has_unread_input()) return &one; // else its next request has arrived
    }
    return nullptr;
}

void connection_queue::count(wait what, int change) {
    if (!lacks_head(what)) return;
    const auto now = without_head_.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(change);
    without_head_.store(now, std::memory_order_relaxed);
}

bool connection_queue::evict(place* gone) {
    if (!gone) return false;
    gone->busy();
    gone->evicted_ = true;
    gone->of_.abandon(); // ends the session's wait, and so the session
    return true;
}

bool connection_queue::evict_without_head() {
    return evict(oldest_without_head());
}

bool connection_queue::evict_oldest() {
    return evict_without_head() || evict(oldest(wait::end_of_peer)) || evict(oldest_idle())
           || evict(oldest(wait::slow_reader));
}

void connection_queue::end_idle(steady_time now) {
    for (const wait what : {wait::first_request, wait::next_request})
        for (auto next = of(what).begin(); next != of(what).end();) {
            place& one = *next++;
            if (one.of_.has_unread_input())
                one.had_input_ = true;
            else if (what == wait::next_request || now - one.opened_ >= young_for)
                one.of_.cancel();
        }
}

} // namespace gateway::inbound
