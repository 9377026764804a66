// Decides which call gets which connection of one origin: pure bookkeeping, no sockets. The most recently
// used connection is taken first (it is warm, and the others can expire). Connections and the places of
// waiting calls are bounded and shared by callers; of those that may have one the oldest is served first
// (U14, L09). Owned by one pool.
#pragma once
#include "base/clock.hpp"
#include "base/fair_share.hpp"
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

    explicit pool_policy(const client_limits& bounds)
        : bounds_(bounds),
          slots_(bounds.connections_per_origin, callers_or_one(bounds.callers)),
          places_(bounds.waiters_per_origin, callers_or_one(bounds.callers)) {}

    /// A slot, and the connection in it; none: to be opened. Call closed() if that fails.
    struct slot {
        std::optional<Connection> connection;
    };
    /// A call asks for a connection, without waiting. Nothing if none is free for this caller.
    std::optional<slot> ask(sharer by) {
        if (!slots_.take(by, 1)) return std::nullopt;
        return slot{take_newest()};
    }
    /// A place to wait at, whatever is free by now. Nothing if none is free for this caller.
    std::optional<ticket> stand_in_line(sharer by) {
        if (!places_.take(by, 1)) return std::nullopt;
        line_.push_back({next_ticket_, by});
        return next_ticket_++;
    }

    struct handover {
        ticket to;
        std::optional<Connection> connection; // none: a slot to open a connection with
    };
    /// A clean connection is returned. Call next() afterwards.
    void give_back(sharer by, Connection what, steady_time now) {
        idle_.push_back({std::move(what), now});
        slots_.give_back(by, 1);
    }
    /// A connection in use was closed, or a slot was not used. Call next() afterwards.
    void closed(sharer by) { slots_.give_back(by, 1); }
    /// What goes to the oldest waiting call whose caller may have it; call until there is none.
    std::optional<handover> next() {
        std::optional<sharer> refused; // usually many places of one caller follow each other
        const auto served = std::find_if(line_.begin(), line_.end(), [&](const waiting_call& one) {
            if (refused == one.by) return false;
            const bool taken = slots_.take(one.by, 1);
            if (!taken) refused = one.by;
            return taken;
        });
        if (served == line_.end()) return std::nullopt;
        places_.give_back(served->by, 1);
        handover out{served->place, take_newest()};
        line_.erase(served);
        return out;
    }
    /// A call stopped waiting before it was served.
    void leave(ticket place) {
        const auto gone = std::find_if(line_.begin(), line_.end(),
                                       [place](const waiting_call& one) { return one.place == place; });
        if (gone == line_.end()) return;
        places_.give_back(gone->by, 1);
        line_.erase(gone);
    }

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
    /// In use or being opened.
    std::uint32_t active() const { return static_cast<std::uint32_t>(slots_.used()); }
    std::uint32_t waiting() const { return static_cast<std::uint32_t>(line_.size()); }

private:
    struct resting {
        Connection what;
        steady_time since;
    };
    struct waiting_call {
        ticket place;
        sharer by;
    };
    std::optional<Connection> take_newest() {
        if (idle_.empty()) return std::nullopt;
        std::optional<Connection> newest(std::move(idle_.back().what));
        idle_.pop_back();
        return newest;
    }
    std::vector<Connection> take_until(typename std::vector<resting>::iterator end) {
        std::vector<Connection> taken;
        for (auto one = idle_.begin(); one != end; ++one)
            taken.push_back(std::move(one->what));
        idle_.erase(idle_.begin(), end);
        return taken;
    }

    client_limits bounds_;
    std::vector<resting> idle_;     // newest last
    std::deque<waiting_call> line_; // oldest first; nobody in it may have a connection yet
    fair_share slots_, places_;
    ticket next_ticket_ = 1;
};

} // namespace gateway::outbound
