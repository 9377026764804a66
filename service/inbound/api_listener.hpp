// Accepts clients for one worker. Every worker has its own acceptor on the same port (SO_REUSEPORT): the
// kernel distributes the connections, and nothing is shared. Made by the service on its worker's loop; used
// from that thread.
#pragma once
#include "inbound/acceptor.hpp"
#include "inbound/session.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gateway::inbound {

struct connection_bounds {
    std::uint32_t connections_max; // over all workers
    std::uint32_t
        refusals_max; // at the same time, per worker: clients that wait for room or are being refused
    std::uint32_t handshakes_max; // at the same time, per worker
};

class api_listener final : public acceptor {
public:
    /// Binds and listens; port 0 picks a free one, see port(). Throws when the address cannot be bound (the
    /// start fails). start() before the worker runs, or on its thread.
    api_listener(api_parts with, const std::string& address, std::uint16_t port, connection_bounds bounds);

    /// Another worker's listener, which is asked for room when all connections of this one are busy. Call
    /// before start(); all listeners must live equally long.
    void add_other(api_listener& other) {
        others_.push_back(&other);
        bound_answers();
    }
    /// Used for handshakes from now on; open connections are not affected. Null only if there was none. On
    /// the worker's thread.
    void change_certificate(std::shared_ptr<const tls_server_context> certificate) {
        with_.tls = std::move(certificate);
    }
    /// Whether only a loopback Host is served, as while no callers are configured. On the worker's thread.
    void change_hosts(bool loopback_only) { with_.loopback_host_only = loopback_only; }
    /// Stops new handshakes, accepts for `last_handshakes` those that the kernel has begun, closes the
    /// acceptor, ends idle connections, and then calls `closed`. On the worker's thread.
    void stop_accepting(milliseconds last_handshakes, std::function<void()> closed);
    /// Ends connections that wait for a request. On the worker's thread.
    void end_idle() { idle_.end_idle(steady_now()); }

    /// What the answers that are being written hold, over all workers: a client that does not read makes room
    /// when it is more. tests/deploy/check.py has it in its sum.
    static constexpr std::size_t answers_mib_max = 32;

private:
    void bound_answers() { idle_.bound_answers((answers_mib_max << 20) / (others_.size() + 1)); }
    void take(tcp_socket socket) override;
    void take_with_spare(tcp_socket socket) override;
    bool others_hold_unfinished() const;
    void serve(tcp_socket socket);
    /// Also tries the other workers; if all connections are busy, the client gets 503.
    task<void> find_room(tcp_socket socket);
    /// Runs `choose` at the other listener, on its worker's thread. True: a connection was chosen.
    task<bool> evict_at(api_listener& there, bool (connection_queue::*choose)());
    task<void> close_when_quiet(milliseconds last_handshakes, std::function<void()> closed);

    api_parts with_;
    handshake_turns turns_;
    session_cache marks_;
    std::vector<api_listener*> others_; // of the other workers
    std::atomic<std::uint32_t> refusals_{0};
    connection_bounds bounds_;
};

} // namespace gateway::inbound
