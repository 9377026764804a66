// Hears what other replicas do: LISTEN on a connection of its own, beside those of the pool. What it has not
// heard for a while it does not believe to be silence: each replica's own beat must come back to it, so that
// a proxy that swallows notifications is found out and the service goes on without.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/postgresql/pool.hpp"

namespace gateway::store {

class postgresql_watch {
public:
    /// `deaf_after`: so long without a beat, ours or another's, means that nothing is heard.
    postgresql_watch(postgresql_pool& pool, change_listeners& told, milliseconds deaf_after)
        : pool_(pool), told_(told), deaf_after_(deaf_after) {}

    /// A chore of the pool's: on its thread, until it ends.
    task<void> keep_watching();

private:
    task<void> watch_with(postgresql_connection& at);
    void tell(const postgresql_connection::notification& heard);

    postgresql_pool& pool_;
    change_listeners& told_;
    const milliseconds deaf_after_;
};

} // namespace gateway::store
