// The periodic work of the service: coroutines of the first worker, each until it is cancelled.
#pragma once
#include "runtime/task.hpp"
#include "store/connection_record.hpp"
#include "store/upkeep.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace gateway {
class blocking_pool;
}
namespace gateway::connections {
class connection_service;
}
namespace gateway::files {
class staged_file_store;
}
namespace gateway::inbound {
struct listener_state;
}
namespace gateway::posts {
class follower;
}
namespace gateway::store {
class connections;
class idempotency_keys;
class ledger;
class store;
} // namespace gateway::store
namespace gateway::telemetry {
class sink;
}
namespace gateway::tokens {
class token_service;
}
namespace gateway::vault {
class pair_spool;
class token_vault;
} // namespace gateway::vault

namespace gateway::app {

/// Written by the coroutines below, read by the admin listener; any thread.
struct store_health {
    std::atomic<bool> good{true}, has_room{true};
    std::array<std::atomic<std::uint64_t>, store::connection_states>
        connections{}; // by store::connection_state
    std::array<std::atomic<std::uint64_t>, store::tables_with_an_end.size()>
        overdue{};                                   // rows, by table, after the last sweep
    std::atomic<std::int64_t> oldest_open_post_s{0}; // its age
};

/// Checks the store's health, so that readiness never has to wait for it. Ends if the store has failed for
/// good: then calls `lost` with the reason.
task<void> run_health_checks(store::store& store, telemetry::sink& sink, store_health& health,
                             std::function<void(const std::string& reason)> lost);

/// Removes expired records, posts and files until nothing is due or the minute is nearly over, and counts
/// what is left (V17). The ledger keeps a post so long as `keep_posts`.
task<void> sweep(store::store& store, files::staged_file_store& files, const std::string& app,
                 milliseconds keep_posts, telemetry::sink& sink, store_health& health);
/// Does it every minute.
task<void> run_sweeps(store::store& store, files::staged_file_store& files, std::string app,
                      milliseconds keep_posts, telemetry::sink& sink, store_health& health);

/// Counts connections by state for the metrics. A count reads an entry of an index for each user, so with
/// many users it is made less often: at most a fiftieth of the time is spent on it.
task<void> run_connection_counts(store::connections& connections, store_health& health);

/// Four times a day: refreshes users without calls before their refresh tokens expire (T17).
task<void> run_idle_user_refresh(store::connections& connections, tokens::token_service& tokens,
                                 telemetry::sink& sink);

/// Recovers unfinished refreshes of crashed processes, at the start and, because another replica may crash at
/// any time, periodically: tries each once more (T01). Pauses while the store is away.
task<void> run_refresh_recovery(tokens::token_service& tokens, telemetry::sink& sink,
                                const store_health& health);

/// The same for what needs no call to TikTok: the ledger first, then the keys that depend on it (I04).
task<void> run_settlement(store::ledger& ledger, store::idempotency_keys& keys, telemetry::sink& sink,
                          const store_health& health);

/// Follows posts that are not at their end, until they are.
task<void> run_following(posts::follower& posts, store::ledger& ledger, telemetry::sink& sink,
                         store_health& health);

/// At the start and periodically: stores the pairs that wait on this replica's disk, because the store was
/// away when TikTok gave them; also those of other replicas that have died in a shared folder.
task<void> run_spool(vault::pair_spool& spool, tokens::token_service& tokens,
                     connections::connection_service& connections, const store_health& health);

/// Re-encrypts values that are sealed under an older vault key with the newest, at the start, after each
/// change of the key ring, and again later if something was left; logs when a key is no longer needed
/// (docs/promises.md V07) or has sealed nearly too often (V08).
task<void> keep_newest_key(vault::token_vault& vault, telemetry::sink& sink);

/// At the start: tells how many connections belong to other TikTok apps, and makes the pairs of this app that
/// wait beside them connections again (docs/promises.md V15). Then, for ever: notes the app in rows of no
/// app, once TikTok has taken one of them. In small jobs.
task<void> sort_out_apps(vault::token_vault& vault, store::connections& connections, telemetry::sink& sink,
                         const store_health& health);

/// Every ten seconds: grants of logins that nobody has confirmed in time, and of imports that were never
/// completed, become revocations. Pauses while the store is away.
task<void> run_sweep_of_unfinished(connections::connection_service& connections, telemetry::sink& sink,
                                   const store_health& health);

/// Ends grants at TikTok that nobody holds any more: those, and those of disconnected users that TikTok could
/// not end at once. Pauses while the store is away.
task<void> run_revocations(connections::connection_service& connections, telemetry::sink& sink,
                           const store_health& health);

/// Log lines for frequent events: each is only counted, and the counts are logged periodically. `faults`: how
/// many exceptions have ended something. Also fills the reserve of memory again.
task<void> run_count_reports(telemetry::sink& sink, inbound::listener_state& listeners,
                             std::function<std::uint64_t()> faults);

/// After many connections have ended: gives the memory that they needed back to the system, within a minute
/// of the last one (C21). On a thread of the pool.
task<void> run_memory_return(const inbound::listener_state& listeners, blocking_pool& pool);

} // namespace gateway::app
