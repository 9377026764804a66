// Changes by other processes on the same store that this process must know at once: a cached token pair was
// replaced, or another replica needs an unused part of a window. An engine for a single process has none.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::store {

/// A window of one key (a user) and kind (an endpoint).
struct window_name {
    std::string key;
    std::uint8_t kind = 0;
};

/// A change by a unit that is sent to the other replicas once it is durable.
struct change {
    enum class kind : std::uint8_t { connection, share_requested, window_closed };

    /// `version`: of its newest pair; 0: the connection has ended.
    static change of(const user_id& user, std::uint64_t version) {
        return {kind::connection, user.text(), version, {}};
    }
    static change wanted(const window_name& window) {
        return {kind::share_requested, window.key, window.kind, {}};
    }
    static change closed(const window_name& window, milliseconds wait) {
        return {kind::window_closed, window.key, window.kind, wait};
    }

    kind what;
    std::string name;     // the user, or the window's key
    std::uint64_t number; // the version, or the window's kind
    milliseconds wait;
};

/// Called on a thread of the store, one change at a time; must be quick and never wait. A change may be
/// reported twice.
class change_listener {
public:
    virtual ~change_listener() = default;
    /// `version`: of its newest pair; 0: the connection has ended, and cached tokens must not be used any
    /// more.
    virtual void connection_changed(const user_id& /*user*/, std::uint64_t /*version*/) {}
    virtual void share_requested(std::string_view /*key*/, std::uint8_t /*kind*/) {}
    /// TikTok has closed the window for this time.
    virtual void window_closed(std::string_view /*key*/, std::uint8_t /*kind*/, milliseconds /*wait*/) {}
    /// `false`: no changes are received from now on, so cached data may be outdated. `true`: data that is
    /// read or written from now on is current until a change is reported.
    virtual void feed_connected(bool /*is*/) {}
};

/// The registered listeners. Any thread; owned by an engine.
class change_listeners {
public:
    /// Reports to the new listener first whether the feed is connected.
    void add(change_listener& one);
    /// On return the listener is not being called any more.
    void remove(change_listener& one);

    void notify(const change& what);
    void feed_connected(bool is);

private:
    std::mutex mutex_;
    std::vector<change_listener*> all_;
    bool in_touch_ = false;
};

} // namespace gateway::store
