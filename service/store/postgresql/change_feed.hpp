// Receives changes by other replicas: LISTEN on a separate connection. It also expects this replica's own
// heartbeats, so that a proxy that drops notifications is detected, and the service continues without the
// feed.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/postgresql/pool.hpp"

namespace gateway::store {

class change_feed {
public:
    /// `silent_max`: without any heartbeat for this time, the feed counts as broken.
    change_feed(postgresql_pool& pool, change_listeners& listeners, milliseconds silent_max)
        : pool_(pool), listeners_(listeners), silent_max_(silent_max) {}

    /// Runs on the pool's thread until that ends.
    task<void> follow();

private:
    task<void> follow_with(postgresql_connection& at);

    postgresql_pool& pool_;
    change_listeners& listeners_;
    const milliseconds silent_max_;
};

} // namespace gateway::store
