#include "inbound/api_listener.hpp"

#include "inbound/refusal.hpp"
#include "runtime/task_group.hpp"
#include "runtime/thread_handoff.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway::inbound {

api_listener::api_listener(api_parts with, const std::string& address, std::uint16_t port,
                           connection_bounds bounds)
    : acceptor(with.home, with.state, address, port,
               with.home.index() == 0 ? port_use::first_of_many : port_use::one_more),
      with_(std::move(with)),
      turns_(with_.home, idle_, bounds.handshakes_max),
      bounds_(bounds) {
    bound_answers();
    burst_max_ = std::min<std::size_t>(burst_max_, bounds.refusals_max);
}

void api_listener::take(tcp_socket socket) {
    // Above the bound the least useful connection is ended; one of this worker if that is cheap.
    if (with_.state.connections.load() < bounds_.connections_max || idle_.evict_without_head()
        || (!others_hold_unfinished() && idle_.evict_oldest()))
        serve(std::move(socket));
    else if (refusals_ < bounds_.refusals_max)
        home_.group().spawn(find_room(std::move(socket)));
    else if (idle_.evict_oldest())
        serve(std::move(socket));
    else
        refuse_at_once(with_, marks_, std::move(socket));
}

void api_listener::take_with_spare(tcp_socket socket) {
    refuse_at_once(with_, marks_, std::move(socket));
}

/// A client that waits for room is one, too: it may have ended the last that was counted, and is not counted
/// yet.
bool api_listener::others_hold_unfinished() const {
    return std::any_of(others_.begin(), others_.end(), [](const api_listener* other) {
        return other->idle_.without_head() > 0 || other->refusals_ > 0;
    });
}

void api_listener::serve(tcp_socket socket) {
    home_.group().spawn(serve_connection(with_, idle_, turns_, marks_, std::move(socket)));
}

task<bool> api_listener::evict_at(api_listener& there, bool (connection_queue::*choose)()) {
    bool found = false;
    thread_handoff back(home_.executor());
    const auto ask = [&there, choose, &found, &back] {
        boost::asio::post(there.home_.executor(), [&there, choose, &found, &back] {
            found = (there.idle_.*choose)();
            back.resume();
        });
    };
    co_await back.wait(ask);
    co_return found;
}

/// First connections with an unfinished head of any worker, then idle ones of this worker, then of the
/// others.
task<void> api_listener::find_room(tcp_socket socket) {
    const counted waiting(refusals_);
    // Twice, because clients that waited for room there, too, have it after the first answer.
    for (int round = 0; round < 2 && others_hold_unfinished(); ++round)
        for (api_listener* other : others_) {
            const bool found = co_await evict_at(*other, &connection_queue::evict_without_head);
            if (found) co_return serve(std::move(socket));
        }
    if (idle_.evict_oldest()) co_return serve(std::move(socket));
    for (api_listener* other : others_) {
        const bool found = co_await evict_at(*other, &connection_queue::evict_oldest);
        if (found) co_return serve(std::move(socket));
    }
    co_await refuse_connection(with_, marks_, std::move(socket));
}

void api_listener::stop_accepting(milliseconds last_handshakes, std::function<void()> closed) {
    home_.group().spawn(close_when_quiet(last_handshakes, std::move(closed)));
}

task<void> api_listener::close_when_quiet(milliseconds last_handshakes, std::function<void()> closed) {
    begin_no_handshakes();
    if (last_handshakes.count() > 0) co_await pause_until(deadline::in(steady_now(), last_handshakes));
    accept_waiting();
    close();
    idle_.end_idle(steady_now());
    // Posted, so that it runs after handlers that are already queued in the loop.
    boost::asio::post(home_.executor(), std::move(closed));
}

} // namespace gateway::inbound
