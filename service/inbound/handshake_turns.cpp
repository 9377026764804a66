#include "inbound/handshake_turns.hpp"

#include "base/memory/memory_reserve.hpp"

#include <boost/asio/post.hpp>

namespace gateway::inbound {

task<bool> handshake_turns::take(connection_queue::place& place, price of, deadline until) {
    entry mine{place, waiter(home_.executor(), until)};
    if (of == price::usual)
        add_usual(mine);
    else if (has_costly_place())
        costly_.push_back(mine);
    else
        co_return false;
    post_next();
    const bool woken = co_await mine.turn.wait();
    if (!woken || mine.must_close || place.evicted()) co_return false;
    place.waits(connection_queue::wait::handshake);
    while (line_.handshakes() > at_once_max_ && line_.evict_handshake()) {
    }
    co_return true;
}

/// Those that wait are no handshakes yet and hold nothing of OpenSSL's. They have a bound of their own, so
/// that those that have begun are not evicted as fast as others come, but as fast as others begin.
void handshake_turns::add_usual(entry& one) {
    usual_.push_back(one);
    if (usual_.size() <= at_once_max_) return;
    entry& oldest = usual_.front();
    usual_.pop_front();
    oldest.must_close = true;
    oldest.turn.wake();
}

void handshake_turns::post_next() {
    if (posted_) return;
    const memory_reserve::scope no_failure; // else no handshake of this worker would ever begin again
    const bool is_due = !costly_.empty() && steady_now() >= costly_due_;
    if (usual_.empty() && !is_due) return wait_for_costly();
    posted_ = true;
    boost::asio::post(home_.executor(), [this] {
        posted_ = false;
        begin_next();
        post_next();
    });
}

void handshake_turns::wait_for_costly() {
    if (timed_ || costly_.empty()) return;
    timed_ = true;
    costly_timer_.expires_at(costly_due_);
    costly_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return; // the listener is being destroyed
        timed_ = false;
        post_next();
    });
}

void handshake_turns::begin_next() {
    const auto now = steady_now();
    if (now >= costly_due_ && begin_first(costly_)) {
        costly_due_ = now + costly_every;
        return;
    }
    begin_first(usual_);
}

/// Those before it that had to make room only close, which costs little.
bool handshake_turns::begin_first(order& of) {
    while (!of.empty()) {
        entry& first = of.front();
        of.pop_front();
        const bool may = !first.place.evicted();
        first.turn.wake();
        if (may) return true;
    }
    return false;
}

} // namespace gateway::inbound
