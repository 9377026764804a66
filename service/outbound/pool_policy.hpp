// Decides which call gets which connection of one origin: pure bookkeeping, no sockets. The most recently
// used connection is taken first (it is warm, and the others can expire); the queue of waiting calls is
// bounded and served in order (U14). Owned by one pool.
#pragma once
#include "base/clock.hpp"
#include "outbound/types.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace gateway::outbound {

/// Holds the idle connections; a Connection is movable.
template <class Connection>
class pool_policy {
public:
    using ticket = std::uint64_t;

    explicit pool_policy(const client_limits& bounds) : bounds_(bounds) {}

    enum class verdict { reuse, open, wait, refuse };
    struct decision {
        verdict what;
        Connection connection{}; // with reuse
        ticket place = 0;        // with wait
    };
    /// A call asks for a connection. `open` takes a slot: call closed() if connecting fails.
    decision ask() {
        if (!idle_.empty()) {
            decision newest{verdict::reuse, std::move(idle_.back().what)};
            idle_.pop_back();
            ++active_;
            return newest;
        }
        if (active_ < bounds_.connections_per_origin) {
            ++active_;
            return {verdict::open};
        }
        if (line_.size() >= bounds_.waiters_per_origin) return {verdict::refuse};
        line_.push_back(next_ticket_);
        return {verdict::wait, {}, next_ticket_++};
    }

    struct handover {
        ticket to;
        std::optional<Connection> connection; // none: a slot to open a connection with
    };
    /// A clean connection is returned: it goes to the oldest waiting call or becomes idle.
    std::optional<handover> give_back(Connection what, steady_time now) {
        if (!line_.empty()) return hand_over(std::move(what));
        --active_;
        idle_.push_back({std::move(what), now});
        return std::nullopt;
    }
    /// A connection in use was closed, or a slot was not used: the slot goes to the oldest waiting call.
    std::optional<handover> closed() {
        if (!line_.empty()) return hand_over(std::nullopt);
        --active_;
        return std::nullopt;
    }
    /// A call stopped waiting before it was served.
    void leave(ticket place) { std::erase(line_, place); }

    /// Removes the idle connections that are expired at `now`; oldest first.
    std::vector<Connection> expired(steady_time now) {
        // They are in the order of their return, so the expired ones are at the front.
        return take_until(std::find_if(idle_.begin(), idle_.end(), [&](const resting& one) {
            return now - one.since < bounds_.idle_timeout;
        }));
    }
    /// Removes all idle connections, for the drain.
    std::vector<Connection> take_idle() { return take_until(idle_.end()); }
    /// When the next one expires; none if nothing is idle.
    std::optional<steady_time> next_expiry() const {
        if (idle_.empty()) return std::nullopt;
        return idle_.front().since + bounds_.idle_timeout;
    }

    std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
    std::uint32_t active() const { return active_; }
    std::uint32_t waiting() const { return static_cast<std::uint32_t>(line_.size()); }

private:
    struct resting {
        Connection what;
        steady_time since;
    };
    handover hand_over(std::optional<Connection> what) {
        handover out{line_.front(), std::move(what)};
        line_.pop_front();
        return out;
    }
    std::vector<Connection> take_until(typename std::vector<resting>::iterator end) {
        std::vector<Connection> taken;
        for (auto one = idle_.begin(); one != end; ++one)
            taken.push_back(std::move(one->what));
        idle_.erase(idle_.begin(), end);
        return taken;
    }

    client_limits bounds_;
    std::vector<resting> idle_; // newest last
    std::deque<ticket> line_;   // oldest first
    std::uint32_t active_ = 0;  // in use or being opened
    ticket next_ticket_ = 1;
};

} // namespace gateway::outbound
