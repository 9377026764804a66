// Decides which call gets which connection of one origin: pure bookkeeping on values, no sockets. The most
// recently used connection is taken first (it is warm, and the others can expire); the queue of waiting calls
// is bounded and served in order (U14). Owned by one pool.
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace gateway::outbound {

class pool_policy {
public:
    using connection_id = std::uint64_t;
    using ticket = std::uint64_t;

    struct limits {
        std::uint32_t connections = 64;
        std::uint32_t waiters = 1024;
        milliseconds idle_timeout{55'000};
    };
    explicit pool_policy(limits bounds) : bounds_(bounds) {}

    enum class verdict { reuse, open, wait, refuse };
    struct decision {
        verdict what;
        connection_id connection = 0; // with reuse
        ticket place = 0;             // with wait
    };
    /// A call asks for a connection. `open` takes a slot: call closed() if connecting fails.
    decision ask();

    struct handover {
        ticket to;
        std::optional<connection_id> connection; // none: a slot to open a connection with
    };
    /// A clean connection is returned: it goes to the oldest waiting call or becomes idle.
    std::optional<handover> give_back(connection_id id, steady_time now);
    /// A connection in use was closed, or a slot was not used: the slot goes to the oldest waiting call.
    std::optional<handover> closed();
    /// A call stopped waiting before it was served.
    void leave(ticket place);

    /// Removes the idle connections that are expired at `now`; oldest first.
    std::vector<connection_id> expired(steady_time now);
    /// Removes all idle connections, for the drain.
    std::vector<connection_id> take_idle();
    /// When the next one expires; none if nothing is idle.
    std::optional<steady_time> next_expiry() const;

    std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
    std::uint32_t active() const { return active_; }
    std::uint32_t waiting() const { return static_cast<std::uint32_t>(line_.size()); }

private:
    struct resting {
        connection_id id;
        steady_time since;
    };
    limits bounds_;
    std::vector<resting> idle_; // newest last
    std::deque<ticket> line_;   // oldest first
    std::uint32_t active_ = 0;  // in use or being opened
    ticket next_ticket_ = 1;
};

} // namespace gateway::outbound
