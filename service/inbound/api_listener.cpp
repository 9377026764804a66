#include "inbound/api_listener.hpp"

#include "inbound/acceptor.hpp"
#include "runtime/task_group.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <utility>

namespace gateway::inbound {

struct api_listener::state final : client_sink {
    state(api_parts parts, const std::string& address, std::uint16_t port, std::uint32_t most)
        : with(std::move(parts)),
          acceptor(open_acceptor(with.home, address, port,
                                 with.home.index() == 0 ? port_use::first_of_many : port_use::one_more)),
          port_in_use(acceptor.local_endpoint().port()),
          connections_max(most) {}

    void take(tcp_socket socket) override {
        // Above the bound the least useful one goes; if all are busy, the new one does.
        if (with.state.connections.load() >= connections_max && !idle.evict_oldest()) return;
        with.home.group().spawn(serve_connection(with, idle, marks, std::move(socket)));
    }
    void make_room() override { idle.evict_oldest(); }
    task<void> close_when_quiet(milliseconds last_handshakes, std::function<void()> closed);

    api_parts with;
    idle_line idle;
    answer_marks marks;
    tcp_acceptor acceptor;
    std::uint16_t port_in_use;
    std::uint32_t connections_max;
};

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
