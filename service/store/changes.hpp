// Changes by other processes on the same store that this process must know at once: a cached token pair was
// replaced, another replica needs an unused part of a window, or callers wait for news of a post. An engine
// for a single process has none.
#pragma once
#include "base/ids.hpp"

#include <cstdint>
#include <string>

namespace gateway::store {

/// A window of one key (a user) and kind (an endpoint).
struct window_name {
    std::string key;
    std::uint8_t kind = 0;

    bool operator==(const window_name&) const = default;
};

/// A change by a unit that is sent to the other replicas once it is durable. It is a hint to look: others may
/// send one, so what follows from it is decided by the rows.
struct change {
    enum class kind : std::uint8_t { connection, share_requested, window_closed, post, bytes_wanted, bytes };

    /// `version`: of its newest pair; 0: the connection has ended, and cached tokens must not be used any
    /// more.
    static change of(const user_id& user, std::uint64_t version) {
        return {kind::connection, user.text(), version};
    }
    static change wanted(const window_name& window) {
        return {kind::share_requested, window.key, window.kind};
    }
    /// TikTok has closed the window; window_shares::closed_for() says for how long.
    static change closed(const window_name& window) { return {kind::window_closed, window.key, window.kind}; }
    /// Its status, or the end of our part of it.
    static change of(const publish_id& post) { return {kind::post, post.text(), 0}; }
    /// Somebody wants to know how many bytes of its running upload were sent.
    static change bytes_wanted(const publish_id& post) { return {kind::bytes_wanted, post.text(), 0}; }
    static change of(const publish_id& post, std::uint64_t bytes) {
        return {kind::bytes, post.text(), bytes};
    }
    window_name window() const { return {name, static_cast<std::uint8_t>(number)}; }

    kind what;
    std::string name;     // the user, the window's key, or the post's publish_id
    std::uint64_t number; // the version, the window's kind, or the bytes
};

/// Called on a thread of the store, one change at a time; must be quick and never wait.
class change_listener {
public:
    virtual ~change_listener() = default;
    /// A change may be reported twice.
    virtual void changed(const change& what) = 0;
    /// `false`: no changes are received from now on, so cached data may be outdated. `true`: data that is
    /// read or written from now on is current until a change is reported.
    virtual void feed_connected(bool /*is*/) {}
};

} // namespace gateway::store
