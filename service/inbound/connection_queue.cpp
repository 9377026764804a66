#include "inbound/connection_queue.hpp"

#include <utility>

namespace gateway::inbound {

void connection_queue::place::waits(wait what) {
    if (evicted_ || (order_.is_linked() && what_ == what)) return;
    busy();
    line_.of(what).push_back(*this);
    what_ = what;
    line_.count(what, 1);
    if (lacks_head(what) || what == wait::slow_caller) since_ = coarse_steady_now();
    if (what == wait::first_request) opened_ = since_; // after the TLS handshake, if there is one
}

void connection_queue::place::busy() {
    if (!order_.is_linked()) return;
    auto& order = line_.of(what_);
    order.erase(order.iterator_to(*this));
    line_.count(what_, -1);
    line_.answer_bytes_ -= std::exchange(held_bytes_, 0);
}

void connection_queue::place::writes(wait what, std::size_t held_bytes) {
    waits(what);
    if (!order_.is_linked()) return;
    held_bytes_ = held_bytes;
    line_.answer_bytes_ += held_bytes;
    while (line_.answer_bytes_ > line_.answer_bytes_max_ && line_.evict_writer(*this)) {
    }
}

connection_queue::place* connection_queue::oldest_without_head() {
    place* found = nullptr;
    for (const wait what : {wait::first_request, wait::rest_of_head, wait::handshake})
        if (place* const one = oldest(what); one && (!found || one->since_ < found->since_)) found = one;
    return found;
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

connection_queue::place* connection_queue::oldest_slow_caller() {
    place* const one = oldest(wait::slow_caller);
    return one && coarse_steady_now() - one->since_ >= slow_after ? one : nullptr;
}

/// The newest of a kind is its last, so `but` is the oldest only where it is alone.
bool connection_queue::evict_writer(const place& but) {
    for (const wait what : {wait::slow_reader, wait::slow_caller})
        if (place* const one = oldest(what); one && one != &but) return evict(one);
    return false;
}

void connection_queue::count(wait what, int change) {
    if (!lacks_head(what)) return;
    if (what == wait::handshake) handshakes_ += static_cast<std::uint32_t>(change);
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
           || evict(oldest(wait::slow_reader)) || evict(oldest_slow_caller());
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
