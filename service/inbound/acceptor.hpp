// The accept loop of both listeners: accepts, starts sessions, and continues after errors of accept. Private
// to inbound.
#pragma once
#include "runtime/stream.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace gateway::inbound {

using tcp_acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, executor_type>;

/// Whether other acceptors of this process listen on the same port (SO_REUSEPORT, one per worker).
enum class port_use { alone, first_of_many, one_more };

/// Opens, binds and listens. Throws std::runtime_error that names address and port; `first_of_many` also when
/// another process uses the port with SO_REUSEPORT: it would get a part of our clients.
tcp_acceptor open_acceptor(worker& home, const std::string& address, std::uint16_t port, port_use use);

/// Implemented by the owner of an acceptor: handles a new client, and a lack of descriptors.
class client_sink {
public:
    virtual ~client_sink() = default;
    virtual void take(tcp_socket socket) = 0;
    /// Out of descriptors or memory (L03): ends a connection that is not in use. `false`: there is none.
    virtual bool make_room() = 0;
    /// A client that was accepted with a spare descriptor, because no other was left: must be handled
    /// quickly.
    virtual void take_with_spare(tcp_socket socket) = 0;
    virtual void note_shortage() = 0;
};

/// Accepts until the acceptor is closed. When the process is out of descriptors it makes room, or accepts one
/// client at a time with a spare descriptor, ten a second.
task<void> accept_clients(worker& home, tcp_acceptor& from, client_sink& to);

/// From now on the kernel begins no TCP handshake here; those already begun are completed. A client whose SYN
/// is dropped sends it again a second later, when the listener is closed. Does nothing if the kernel has no
/// such filter.
void begin_no_handshakes(tcp_acceptor& on);
/// Accepts every client in the kernel's queue, without waiting, because the kernel resets those that are left
/// in the queue when a listening socket closes.
void accept_waiting(worker& home, tcp_acceptor& from, client_sink& to);

} // namespace gateway::inbound
