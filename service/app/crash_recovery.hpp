// What a process leaves behind when it dies, taken up at the start and, since another replica may go at any
// time, from then on: refreshes without an end, posts without a word, keys that wait for both. Coroutines of
// the first worker, until cancelled; they rest while the store is away.
#pragma once
#include "app/housekeeping.hpp"
#include "runtime/task.hpp"
#include "store/store.hpp"
#include "telemetry/sink.hpp"
#include "tokens/token_service.hpp"

namespace gateway::app {

/// Asks TikTok once more for each refresh that somebody began and nobody ended (T01).
task<void> keep_resuming(tokens::token_service& tokens, telemetry::sink& sink, const store_health& health);

/// Settles what can be told without TikTok, the ledger first, then the keys that wait for it (I04).
task<void> keep_settling(store::store& store, telemetry::sink& sink, const store_health& health);

} // namespace gateway::app
