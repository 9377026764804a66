// Accepts clients for one worker. Every worker has its own acceptor on the same port (SO_REUSEPORT): the
// kernel distributes the connections, and nothing is shared. Made by the service on its worker's loop; used
// from that thread.
#pragma once
#include "inbound/connection_queue.hpp"
#include "inbound/session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace gateway::inbound {

struct connection_bounds {
    std::uint32_t connections_max; // over all workers
    std::uint32_t
        refusals_max; // at the same time, per worker: clients that wait for room or are being refused
};

class api_listener {
public:
    /// Binds and listens; port 0 picks a free one, see port(). Throws when the address cannot be bound (the
    /// start fails).
    api_listener(api_parts with, const std::string& address, std::uint16_t port, connection_bounds bounds);
    ~api_listener();
    api_listener(const api_listener&) = delete;
    api_listener& operator=(const api_listener&) = delete;

    std::uint16_t port() const;
    /// Another worker's listener, which is asked for room when all connections of this one are busy. Call
    /// before start(); all listeners must live equally long.
    void add_other(api_listener& other);
    /// Begins to accept; before the worker runs, or on its thread.
    void start();
    /// Used for handshakes from now on; open connections are not affected. Null only if there was none. On
    /// the worker's thread.
    void change_certificate(std::shared_ptr<const tls_server_context> certificate);
    /// Whether only a loopback Host is served, as while no callers are configured. On the worker's thread.
    void change_hosts(bool loopback_only);
    /// Stops new handshakes, accepts for `last_handshakes` those that the kernel has begun, closes the
    /// acceptor, ends idle connections, and then calls `closed`. On the worker's thread.
    void stop_accepting(milliseconds last_handshakes, std::function<void()> closed);
    /// Ends connections that wait for a request. On the worker's thread.
    void end_idle();

    struct state; // for api_listener.cpp only

private:
    std::unique_ptr<state> state_;
};

} // namespace gateway::inbound
