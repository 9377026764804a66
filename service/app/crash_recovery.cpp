#include "actions/table.hpp"
#include "app/background.hpp"
#include "connections/connection_service.hpp"
#include "idempotency/recovery.hpp"
#include "posts/settlement.hpp"
#include "runtime/waiter.hpp"
#include "store/idempotency_keys.hpp"
#include "store/ledger.hpp"
#include "telemetry/sink.hpp"
#include "tokens/token_service.hpp"
#include "vault/pair_spool.hpp"

#include <string>

namespace gateway::app {
namespace {

constexpr seconds resume_within{300};
constexpr seconds resume_every{
    5}; // the longest delay until another replica continues after a lease has expired (T01)
constexpr seconds spool_every{2}, spool_look_within{5};
constexpr seconds settle_every{
    5}; // the same after a replica's minute of silence; reads only two small indexes

/// Tries refreshes once more that the previous process or another replica did not finish.
task<void> resume_refreshes(tokens::token_service& tokens, telemetry::sink& sink) {
    const auto resumed = co_await tokens.resume_open_refreshes(deadline::in(steady_now(), resume_within));
    if (!resumed)
        sink.log(telemetry::level::error, "resume_refreshes_failed", {{"reason", resumed.error().message()}});
    else if (*resumed > 0)
        sink.log(telemetry::level::warn, "refreshes_resumed", {{"count", std::to_string(*resumed)}});
}

/// Settles calls that the previous process or another replica did not finish: the ledger first, then the keys
/// that depend on it.
task<void> settle_what_was_left(store::ledger& ledger, store::idempotency_keys& keys, telemetry::sink& sink) {
    const auto until = deadline::in(steady_now(), resume_within);
    const auto posts = co_await posts::settle_abandoned(ledger, until);
    const auto answers = co_await idempotency::recover_keys(keys, actions::table(), until);
    if (!posts || !answers) {
        const auto& why = posts ? answers.error() : posts.error();
        sink.log(telemetry::level::error, "settlement_failed", {{"reason", why.message()}});
    }
    if (posts)
        for (std::size_t i = 0; i < posts->unknown; ++i)
            sink.of_worker(0).post_ended("outcome_unknown");
    const auto count = [](std::size_t n) { return std::to_string(n); };
    if (posts && posts->failed + posts->unknown + posts->settled > 0)
        sink.log(telemetry::level::warn, "posts_settled_after_crash",
                 {{"came_to_nothing", count(posts->failed)},
                  {"outcome_unknown", count(posts->unknown)},
                  {"settled", count(posts->settled)}});
    if (answers && answers->answered + answers->freed > 0)
        sink.log(telemetry::level::warn, "keys_settled_after_crash",
                 {{"answered", count(answers->answered)}, {"freed", count(answers->freed)}});
}

} // namespace

task<void> run_refresh_recovery(tokens::token_service& tokens, telemetry::sink& sink,
                                const store_health& health) {
    while (true) {
        if (health.good.load(std::memory_order_relaxed)) co_await resume_refreshes(tokens, sink);
        co_await pause_until(deadline::in(steady_now(), resume_every));
    }
}

task<void> run_spool(vault::pair_spool& spool, tokens::token_service& tokens,
                     connections::connection_service& connections, const store_health& health) {
    while (true) {
        co_await spool.look(deadline::in(steady_now(), spool_look_within));
        if (health.good.load(std::memory_order_relaxed)) {
            tokens.store_spooled();
            // What fails stays where it is, and is tried in the next round.
            static_cast<void>(co_await connections.store_spooled(deadline::in(steady_now(), resume_within)));
        }
        co_await pause_until(deadline::in(steady_now(), spool_every));
    }
}

task<void> run_settlement(store::ledger& ledger, store::idempotency_keys& keys, telemetry::sink& sink,
                          const store_health& health) {
    while (true) {
        if (health.good.load(std::memory_order_relaxed)) co_await settle_what_was_left(ledger, keys, sink);
        co_await pause_until(deadline::in(steady_now(), settle_every));
    }
}

} // namespace gateway::app
