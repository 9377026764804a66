#include "inbound/api_listener.hpp"

#include "inbound/acceptor.hpp"
#include "inbound/refusal.hpp"
#include "runtime/task_group.hpp"
#include "runtime/thread_handoff.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace gateway::inbound {

struct api_listener::state final : client_sink {
    state(api_parts parts, const std::string& address, std::uint16_t port, connection_bounds bound)
        : with(std::move(parts)),
          acceptor(open_acceptor(with.home, address, port,
                                 with.home.index() == 0 ? port_use::first_of_many : port_use::one_more)),
          port_in_use(acceptor.local_endpoint().port()),
          bounds(bound) {}

    void take(tcp_socket socket) override {
        // Above the bound the least useful connection is ended; one of this worker if that is cheap.
        if (with.state.connections.load() < bounds.connections_max || idle.evict_without_head()
            || (!others_hold_unfinished() && idle.evict_oldest()))
            serve(std::move(socket));
        else if (refusals < bounds.refusals_max)
            with.home.group().spawn(find_room(std::move(socket)));
        else if (idle.evict_oldest())
            serve(std::move(socket));
        else
            refuse_at_once(with, marks, std::move(socket));
    }
    bool others_hold_unfinished() const {
        return std::any_of(others.begin(), others.end(),
                           [](const state* other) { return other->idle.without_head() > 0; });
    }
    void serve(tcp_socket socket) {
        with.home.group().spawn(serve_connection(with, idle, marks, std::move(socket)));
    }
    /// Also tries the other workers; if all connections are busy, the client gets 503.
    task<void> find_room(tcp_socket socket);
    bool make_room() override { return idle.evict_oldest(); }
    void take_with_spare(tcp_socket socket) override { refuse_at_once(with, marks, std::move(socket)); }
    void note_shortage() override { with.state.descriptor_shortages.fetch_add(1); }
    task<void> close_when_quiet(milliseconds last_handshakes, std::function<void()> closed);

    api_parts with;
    connection_queue idle;
    session_cache marks;
    std::vector<state*> others; // of the other workers
    std::atomic<std::uint32_t> refusals{0};
    tcp_acceptor acceptor;
    std::uint16_t port_in_use;
    connection_bounds bounds;
};

/// Runs on the other worker's thread and returns to this one. True: a connection was chosen.
task<bool> evict_at(api_listener::state& there, bool (connection_queue::*choose)(), executor_type home) {
    bool found = false;
    thread_handoff back(home);
    const auto ask = [&there, choose, &found, &back] {
        boost::asio::post(there.with.home.executor(), [&there, choose, &found, &back] {
            found = (there.idle.*choose)();
            back.resume();
        });
    };
    co_await back.wait(ask);
    co_return found;
}

/// First connections with an unfinished head of any worker, then idle ones of this worker, then of the
/// others.
task<void> api_listener::state::find_room(tcp_socket socket) {
    const counted waiting(refusals);
    for (state* other : others) {
        const bool found =
            co_await evict_at(*other, &connection_queue::evict_without_head, with.home.executor());
        if (found) co_return serve(std::move(socket));
    }
    if (idle.evict_oldest()) co_return serve(std::move(socket));
    for (state* other : others) {
        const bool found = co_await evict_at(*other, &connection_queue::evict_oldest, with.home.executor());
        if (found) co_return serve(std::move(socket));
    }
    co_await refuse_connection(with, marks, std::move(socket));
}

task<void> api_listener::state::close_when_quiet(milliseconds last_handshakes, std::function<void()> closed) {
    begin_no_handshakes(acceptor);
    if (last_handshakes.count() > 0) co_await pause_until(deadline::in(steady_now(), last_handshakes));
    accept_waiting(with.home, acceptor, *this);
    boost::system::error_code ignored; // nothing can be done about an error of close
    acceptor.close(ignored);
    idle.end_idle(steady_now());
    // Posted, so that it runs after handlers that are already queued in the loop.
    boost::asio::post(with.home.executor(), std::move(closed));
}

api_listener::api_listener(api_parts with, const std::string& address, std::uint16_t port,
                           connection_bounds bounds)
    : state_(std::make_unique<state>(std::move(with), address, port, bounds)) {}

api_listener::~api_listener() = default;

std::uint16_t api_listener::port() const {
    return state_->port_in_use;
}

void api_listener::add_other(api_listener& other) {
    state_->others.push_back(other.state_.get());
}

void api_listener::start() {
    state_->with.home.group().spawn(accept_clients(state_->with.home, state_->acceptor, *state_));
}

void api_listener::change_certificate(std::shared_ptr<const tls_server_context> certificate) {
    state_->with.tls = std::move(certificate);
}

void api_listener::change_hosts(bool loopback_only) {
    state_->with.loopback_host_only = loopback_only;
}

void api_listener::stop_accepting(milliseconds last_handshakes, std::function<void()> closed) {
    state_->with.home.group().spawn(state_->close_when_quiet(last_handshakes, std::move(closed)));
}

void api_listener::end_idle() {
    state_->idle.end_idle(steady_now());
}

} // namespace gateway::inbound
