// Recovers the unfinished work of crashed processes, at the start and, because another replica may crash at
// any time, periodically: refreshes, posts, and idempotency keys. Coroutines of the first worker, until
// cancelled; they pause while the store is away.
#pragma once
#include "app/maintenance.hpp"
#include "runtime/task.hpp"
#include "store/idempotency_keys.hpp"
#include "store/ledger.hpp"
#include "telemetry/sink.hpp"
#include "tokens/token_service.hpp"

namespace gateway::app {

/// Tries each unfinished refresh once more (T01).
task<void> run_refresh_recovery(tokens::token_service& tokens, telemetry::sink& sink,
                                const store_health& health);

/// Settles everything that needs no call to TikTok: the ledger first, then the keys that depend on it (I04).
task<void> run_settlement(store::ledger& ledger, store::idempotency_keys& keys, telemetry::sink& sink,
                          const store_health& health);

} // namespace gateway::app
