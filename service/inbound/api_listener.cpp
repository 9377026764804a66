#include "inbound/api_listener.hpp"

#include "inbound/acceptor.hpp"
#include "inbound/refusal.hpp"
#include "runtime/crossing.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>
#include <vector>

namespace gateway::inbound {

namespace {

/// Clients at once, at one worker, for whom room is sought or who are told that there is none.
constexpr std::uint32_t refusals_max = 64;

} // namespace

struct api_listener::state final : client_sink {
    state(api_parts parts, const std::string& address, std::uint16_t port, std::uint32_t most)
        : with(std::move(parts)),
          acceptor(open_acceptor(with.home, address, port,
                                 with.home.index() == 0 ? port_use::first_of_many : port_use::one_more)),
          port_in_use(acceptor.local_endpoint().port()),
          connections_max(most) {}

    void take(tcp_socket socket) override {
        // Above the bound the least useful one goes: first here, since that costs nothing.
        if (with.state.connections.load() < connections_max || idle.evict_oldest())
            serve(std::move(socket));
        else if (refusals < refusals_max)
            with.home.group().spawn(find_room(std::move(socket)));
        else
            refuse_at_once(with, marks, std::move(socket));
    }
    void serve(tcp_socket socket) {
        with.home.group().spawn(serve_connection(with, idle, marks, std::move(socket)));
    }
    /// All are busy here: perhaps not at another worker; else the client hears 503.
    task<void> find_room(tcp_socket socket);
    void make_room() override { idle.evict_oldest(); }
    task<void> close_when_quiet(milliseconds last_handshakes, std::function<void()> closed);

    api_parts with;
    idle_line idle;
    answer_marks marks;
    std::vector<state*> others; // of the other workers
    std::atomic<std::uint32_t> refusals{0};
    tcp_acceptor acceptor;
    std::uint16_t port_in_use;
    std::uint32_t connections_max;
};

/// At the other worker's listener; comes back here with whether it chose one.
task<bool> evict_at(api_listener::state& there, executor_type home) {
    bool found = false;
    crossing back(home);
    const auto ask = [&there, &found, &back] {
        boost::asio::post(there.with.home.executor(), [&there, &found, &back] {
            found = there.idle.evict_oldest();
            back.resume();
        });
    };
    co_await back.wait(ask);
    co_return found;
}

task<void> api_listener::state::find_room(tcp_socket socket) {
    const counted waiting(refusals);
    for (state* other : others) {
        const bool found = co_await evict_at(*other, with.home.executor());
        if (found) co_return serve(std::move(socket));
    }
    co_await refuse_connection(with, marks, std::move(socket));
}

task<void> api_listener::state::close_when_quiet(milliseconds last_handshakes, std::function<void()> closed) {
    begin_no_handshakes(acceptor);
    if (last_handshakes.count() > 0) co_await pause_until(deadline::in(steady_now(), last_handshakes));
    accept_waiting(with.home, acceptor, *this);
    boost::system::error_code ignored; // closing is all that can be done
    acceptor.close(ignored);
    idle.end_idle(steady_now());
    closed();
}

api_listener::api_listener(api_parts with, const std::string& address, std::uint16_t port,
                           std::uint32_t connections_max)
    : state_(std::make_unique<state>(std::move(with), address, port, connections_max)) {}

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
