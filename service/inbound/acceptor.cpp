#include "inbound/acceptor.hpp"

#include "base/start_fault.hpp"
#include "inbound/listener_state.hpp"
#include "inbound/spare_descriptors.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/waiter.hpp"

#include <array>
#include <cerrno>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace gateway::inbound {
namespace {

namespace asio = boost::asio;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr milliseconds pause_after_fault{20};
constexpr milliseconds pause_when_full{100};
constexpr milliseconds pause_for_room{5}; // for the evicted session to end
constexpr std::size_t spares = 2;
constexpr int backlog = 4096;

using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor_type>;

tcp_acceptor bound(worker& home, const asio::ip::tcp::endpoint& where, bool shared) {
    tcp_acceptor acceptor(home.executor());
    acceptor.open(where.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    if (shared) acceptor.set_option(reuse_port(true));
    acceptor.bind(where);
    return acceptor;
}

/// With the cure, where the system's words do not say it.
std::string in_words(const boost::system::error_code& error) {
    if (error.value() == EADDRINUSE) return "another process has this port (Address already in use)";
    if (error.value() == EADDRNOTAVAIL) return "no interface of this host has this address";
    if (error.value() == EACCES)
        return "permission denied for uid " + std::to_string(::geteuid())
               + ": a port below 1024 takes the capability CAP_NET_BIND_SERVICE";
    return error.message();
}

tcp_acceptor open_acceptor(worker& home, const std::string& address, std::uint16_t port, port_use use) {
    try {
        const asio::ip::tcp::endpoint where(asio::ip::make_address(address), port);
        if (use == port_use::first_of_many)
            bound(home, where, false).close(); // throws if another process listens
        tcp_acceptor acceptor = bound(home, where, use != port_use::alone);
        acceptor.listen(backlog);
        return acceptor;
    } catch (const boost::system::system_error& error) {
        const int code = error.code().value();
        const bool is_about_address = code == EADDRNOTAVAIL || code == EAFNOSUPPORT || code == EINVAL;
        // A port below 1024 without the right to it, or an address family that the host lacks, stay so.
        throw start_fault(
            is_about_address ? "address" : "port",
            "cannot listen on " + address + ":" + std::to_string(port) + ": " + in_words(error.code()),
            code != EACCES && code != EPERM && code != EAFNOSUPPORT && code != EINVAL);
    }
}

} // namespace

acceptor::acceptor(worker& home, listener_state& shared, const std::string& address, std::uint16_t port,
                   port_use use)
    : home_(home),
      shared_(shared),
      socket_(open_acceptor(home, address, port, use)),
      port_(socket_.local_endpoint().port()) {}

/// What an accept throws is counted and tried again (P07).
void acceptor::start() {
    const auto accept = [this] { return accept_clients(); };
    const auto note = [this](const std::exception_ptr& fault) { home_.note_fault(fault); };
    home_.group().spawn(keep_running(accept, note, pause_after_fault));
}

void acceptor::close() {
    boost::system::error_code ignored; // nothing can be done about an error of close
    socket_.close(ignored);
}

task<void> acceptor::accept_clients() {
    spare_descriptors spare(spares);
    while (socket_.is_open()) {
        auto [error, socket] = co_await socket_.async_accept(home_.executor(), no_throw);
        if (!error) {
            take(std::move(socket));
            // A burst is taken in quickly, so that the least useful of its connections can make room before
            // they have cost anything. These end in the next step of the loop, and have a descriptor until
            // then.
            accept_waiting(burst_max_);
            continue;
        }
        if (error == asio::error::operation_aborted || !socket_.is_open()) co_return;
        const bool full = error == asio::error::no_descriptors || error == asio::error::no_buffer_space
                          || error == asio::error::no_memory || error.value() == ENFILE;
        if (!full) continue; // an error of that client: it reset the connection before it was accepted
        shared_.descriptor_shortages.fetch_add(1);
        const bool made = idle_.evict_oldest();
        if (!made && spare.release()) {
            tcp_socket one(home_.executor());
            socket_.non_blocking(true, error);
            if (!error) socket_.accept(one, error);
            if (!error) take_with_spare(std::move(one));
        }
        co_await pause_until(deadline::in(steady_now(), made ? pause_for_room : pause_when_full));
        if (!made) spare.refill();
    }
}

void acceptor::begin_no_handshakes() {
    constexpr std::uint32_t flags_at = 13; // offset in the TCP header, where the filter's data begins
    constexpr std::uint32_t whole_segment = 0xffff'ffff;
    std::array<sock_filter, 5> program{{
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0), // dropped
        BPF_STMT(BPF_RET | BPF_K, whole_segment),
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void acceptor::accept_waiting(std::size_t clients_max) {
    constexpr int failures_max = 256; // nearly all of them clients that left meanwhile
    boost::system::error_code error;
    if (!socket_.non_blocking()) socket_.non_blocking(true, error);
    int failures = 0;
    for (std::size_t tries = 0; tries < clients_max && failures < failures_max; ++tries) {
        tcp_socket socket(home_.executor());
        socket_.accept(socket, error);
        if (error == asio::error::would_block || error == asio::error::try_again) return;
        if (error)
            ++failures;
        else
            take(std::move(socket));
    }
}

} // namespace gateway::inbound
