// What other processes on the same store do, as far as somebody here must know of it at once: a token pair in
// memory is the newest no longer, a part of a window that lies idle here is wanted elsewhere. An engine that
// serves one process has nothing to tell.
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

/// What one unit did that other replicas must hear of, once it is durable.
struct change {
    enum class kind : std::uint8_t { connection, share_requested, window_closed };

    /// `version`: of its newest pair; 0: it is over.
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
    std::string name;     // of the user, or the window's key
    std::uint64_t number; // the version, or the window's kind
    milliseconds wait;
};

/// Told on a thread of the store's, one thing at a time: be quick, never wait. The same may be told twice.
class change_listener {
public:
    virtual ~change_listener() = default;
    /// `version`: of its newest pair; 0: it is over, and what is known of it must not be used any more.
    virtual void connection_changed(const user_id& /*user*/, std::uint64_t /*version*/) {}
    virtual void share_requested(std::string_view /*key*/, std::uint8_t /*kind*/) {}
    /// TikTok has closed it for so long.
    virtual void window_closed(std::string_view /*key*/, std::uint8_t /*kind*/, milliseconds /*wait*/) {}
    /// `false`: nothing is heard from now on, so nothing in memory is sure to be the newest. `true`: what is
    /// read or written from now on is, until somebody tells otherwise.
    virtual void feed_connected(bool /*is*/) {}
};

/// Who is told. Any thread; owned by an engine.
class change_listeners {
public:
    /// Tells the newcomer first whether there is touch.
    void add(change_listener& one);
    /// On return nobody is being told any more.
    void remove(change_listener& one);

    void notify(const change& what);
    void feed_connected(bool is);

private:
    std::mutex mutex_;
    std::vector<change_listener*> all_;
    bool in_touch_ = false;
};

} // namespace gateway::store
