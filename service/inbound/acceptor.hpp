// The accept loop of both listeners: accepts, passes clients on, and continues after errors of accept.
// Private to inbound; on its worker's thread.
#pragma once
#include "inbound/connection_queue.hpp"
#include "runtime/stream.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace gateway::inbound {

struct listener_state;

/// Whether other acceptors of this process listen on the same port (SO_REUSEPORT, one per worker).
enum class port_use { alone, first_of_many, one_more };

class acceptor {
public:
    /// Opens, binds and listens. Throws start_fault for `address` or `port`; `first_of_many` also
    /// when another process uses the port with SO_REUSEPORT: it would get a part of our clients.
    acceptor(worker& home, listener_state& shared, const std::string& address, std::uint16_t port,
             port_use use);
    virtual ~acceptor() = default;
    acceptor(const acceptor&) = delete;
    acceptor& operator=(const acceptor&) = delete;

    /// Also after the listener was closed.
    std::uint16_t port() const { return port_; }
    /// Accepts until close(). When the process is out of descriptors (L03), it ends a connection that is not
    /// in use, or accepts one client at a time with a spare descriptor, ten a second.
    void start();

protected:
    /// From now on the kernel begins no TCP handshake here; those already begun are completed. A client whose
    /// SYN is dropped sends it again a second later, when the listener is closed. Does nothing if the kernel
    /// has no such filter.
    void begin_no_handshakes();
    /// Accepts the clients in the kernel's queue, without waiting; before a listening socket closes all of
    /// them, because the kernel resets those that are left.
    void accept_waiting(std::size_t clients_max = SIZE_MAX);
    void close();

    worker& home_;
    connection_queue idle_;
    std::size_t burst_max_ = 32; // accepted in one step of the loop

private:
    virtual void take(tcp_socket socket) = 0;
    /// A client that was accepted with a spare descriptor, because no other was left: must be handled
    /// quickly.
    virtual void take_with_spare(tcp_socket socket) = 0;
    task<void> accept_clients();

    listener_state& shared_;
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, executor_type> socket_;
    std::uint16_t port_;
};

} // namespace gateway::inbound
