// Receives changes by other replicas and reports them to listeners: LISTEN on a separate connection. It also
// expects this replica's own heartbeats, so that a proxy that drops notifications is detected, and the
// service continues without the feed.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/postgresql/pool.hpp"

#include <mutex>
#include <vector>

namespace gateway::store {

class change_feed {
public:
    /// `silent_max`: without any heartbeat for this time, the feed counts as broken.
    change_feed(postgresql_pool& pool, milliseconds silent_max) : pool_(pool), silent_max_(silent_max) {}

    /// Reports to the new listener first whether the feed is connected. Any thread.
    void add(change_listener& one);
    /// On return the listener is not being called any more. Any thread.
    void remove(change_listener& one);

    /// Runs on the pool's thread until that ends.
    task<void> follow();

private:
    task<void> follow_with(postgresql_connection& at);
    void report(const change& what);
    void set_connected(bool is);

    postgresql_pool& pool_;
    const milliseconds silent_max_;
    std::mutex mutex_; // for the members below
    std::vector<change_listener*> listeners_;
    bool connected_ = false;
};

} // namespace gateway::store
