// What other replicas did: LISTEN on a connection of its own, beside those of the pool. Silence for a while
// is not believed: each replica's own heartbeat must come back here, so that a proxy that swallows
// notifications is found out and the service goes on without the feed.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/postgresql/pool.hpp"

namespace gateway::store {

class change_feed {
public:
    /// `silent_max`: so long without a heartbeat, ours or another's, means that nothing comes through.
    change_feed(postgresql_pool& pool, change_listeners& listeners, milliseconds silent_max)
        : pool_(pool), listeners_(listeners), silent_max_(silent_max) {}

    /// On the pool's thread, until it ends.
    task<void> follow();

private:
    task<void> follow_with(postgresql_connection& at);

    postgresql_pool& pool_;
    change_listeners& listeners_;
    const milliseconds silent_max_;
};

} // namespace gateway::store
