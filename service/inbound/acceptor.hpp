// The loop that both listeners share: accept, start a session, and survive what accept can say. Private to
// inbound.
#pragma once
#include "runtime/stream.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace gateway::inbound {

using tcp_acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, executor_type>;

/// Whether other acceptors of this process listen on the same port (SO_REUSEPORT, one per worker).
enum class port_use { alone, first_of_many, one_more };

/// Opens, binds and listens. Throws std::runtime_error that names address and port; `first_of_many` also when
/// another process shares the port: it would silently get half of our clients.
tcp_acceptor open_acceptor(worker& home, const std::string& address, std::uint16_t port, port_use use);

/// What the owner of an acceptor does with a client, and when the process is out of descriptors.
class client_sink {
public:
    virtual ~client_sink() = default;
    virtual void take(tcp_socket socket) = 0;
    /// Out of descriptors or memory (L03): end a connection that is not used. `false`: there is none.
    virtual bool make_room() = 0;
    /// One that was accepted with a spare descriptor, since there is no other: served only if that is short.
    virtual void take_with_spare(tcp_socket socket) = 0;
    virtual void note_shortage() = 0;
};

/// Accepts until the acceptor is closed. When the process is out of descriptors it makes room, or takes one
/// client at a time with a spare one, ten a second.
task<void> accept_clients(worker& home, tcp_acceptor& from, client_sink& to);

/// From now on the kernel begins no handshake here; those under way are completed. A client whose SYN is
/// dropped sends it again a second later, and then nobody listens. Where the kernel has no such filter
/// nothing changes.
void begin_no_handshakes(tcp_acceptor& on);
/// Takes every client that the kernel holds for us, without waiting. What is left in the queue when a
/// listening socket closes is reset.
void accept_waiting(worker& home, tcp_acceptor& from, client_sink& to);

} // namespace gateway::inbound
