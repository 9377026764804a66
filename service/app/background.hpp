// The periodic work of the service: coroutines of the first worker, each until it is cancelled.
#pragma once
#include "runtime/task.hpp"
#include "store/connection_record.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace gateway::files {
class staged_file_store;
}
namespace gateway::inbound {
struct listener_state;
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
class token_vault;
}

namespace gateway::app {

/// Written by run_maintenance(), read by the admin listener; any thread.
struct store_health {
    std::atomic<bool> good{true}, has_room{true};
    std::array<std::atomic<std::uint64_t>, store::connection_states>
        connections{}; // by store::connection_state
};

/// Removes expired records, and checks the store's health, so that readiness and metrics never have to wait
/// for it. Ends if the store has failed for good: then calls `lost` with the reason.
task<void> run_maintenance(store::store& store, files::staged_file_store& files, telemetry::sink& sink,
                           store_health& health, std::function<void(const std::string& reason)> lost);

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

/// Re-encrypts values that are sealed under an older vault key with the newest, at the start, after each
/// change of the key ring, and again later if something was left; logs when a key is no longer needed
/// (docs/promises.md V07) or has sealed nearly too often (V08).
task<void> keep_newest_key(vault::token_vault& vault, telemetry::sink& sink);

/// Log lines for frequent events: each is only counted, and the counts are logged periodically.
task<void> run_count_reports(telemetry::sink& sink, inbound::listener_state& listeners);

} // namespace gateway::app
