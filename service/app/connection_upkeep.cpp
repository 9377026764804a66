// Background work on connections: those of other TikTok apps, logins and imports that were never finished,
// and grants that are to be ended.
#include "app/background.hpp"
#include "connections/connection_service.hpp"
#include "runtime/waiter.hpp"
#include "store/connections.hpp"
#include "telemetry/sink.hpp"
#include "vault/token_vault.hpp"

#include <string>

namespace gateway::app {

namespace {

constexpr seconds again_after{5};
constexpr seconds step_within{30};
constexpr seconds round_within{300};
constexpr milliseconds pause_between_steps{20};
constexpr seconds old_pairs_every{60};
constexpr seconds grants_every{10};

deadline soon() {
    return deadline::in(steady_now(), step_within);
}

/// Calls the step of the vault with its own cursor until it gives none; `false`: the store did not answer.
task<bool> run_steps(vault::token_vault& vault,
                     task<result<std::string>> (vault::token_vault::*step)(std::string, deadline)) {
    std::string cursor;
    do {
        auto next = co_await (vault.*step)(std::move(cursor), soon());
        if (!next) co_return false;
        cursor = std::move(*next);
        if (!cursor.empty()) co_await pause_until(deadline::in(steady_now(), pause_between_steps));
    } while (!cursor.empty());
    co_return true;
}

task<bool> tell_of_other_apps(vault::token_vault& vault, store::connections& connections,
                              telemetry::sink& sink) {
    const auto brought_back = co_await run_steps(vault, &vault::token_vault::bring_back);
    if (!brought_back) co_return false;
    const auto count = co_await connections.count_of_other_apps(vault.app(), soon());
    if (!count) co_return false;
    if (*count > 0)
        sink.log(telemetry::level::warn, "connections_of_other_app",
                 {{"count", std::to_string(*count)},
                  {"hint", "they were made for another tiktok.client_key, and work again under that one"}});
    co_return true;
}

} // namespace

task<void> sort_out_apps(vault::token_vault& vault, store::connections& connections, telemetry::sink& sink,
                         const store_health& health) {
    for (bool told = false; !told;) {
        if (health.good.load(std::memory_order_relaxed))
            told = co_await tell_of_other_apps(vault, connections, sink);
        if (!told) co_await pause_until(deadline::in(steady_now(), again_after));
    }
    while (true) {
        if (health.good.load(std::memory_order_relaxed))
            static_cast<void>(co_await run_steps(vault, &vault::token_vault::bind_old_pairs));
        co_await pause_until(deadline::in(steady_now(), old_pairs_every));
    }
}

task<void> run_sweep_of_unfinished(connections::connection_service& connections, telemetry::sink& sink,
                                   const store_health& health) {
    while (true) {
        const auto next = deadline::in(steady_now(), grants_every);
        if (health.good.load(std::memory_order_relaxed)) {
            const auto done =
                co_await connections.sweep_unfinished(wall_now(), deadline::in(steady_now(), step_within));
            if (!done)
                sink.log(telemetry::level::warn, "sweep_failed",
                         {{"part", "unfinished logins and imports"}, {"reason", done.error().message()}});
        }
        co_await pause_until(next);
    }
}

task<void> run_revocations(connections::connection_service& connections, telemetry::sink& sink,
                           const store_health& health) {
    const auto text = [](std::size_t count) { return std::to_string(count); };
    while (true) {
        if (health.good.load(std::memory_order_relaxed)) {
            const auto round =
                co_await connections.retry_revocations(deadline::in(steady_now(), round_within));
            if (!round)
                sink.log(telemetry::level::warn, "revocations_not_tried",
                         {{"reason", round.error().message()}});
            else if (round->revoked + round->ended + round->not_wanted + round->later + round->given_up > 0)
                sink.log(round->given_up > 0 ? telemetry::level::error : telemetry::level::info,
                         "revocations_tried",
                         {{"revoked", text(round->revoked)},
                          {"ended", text(round->ended)},
                          {"not_wanted", text(round->not_wanted)},
                          {"later", text(round->later)},
                          {"given_up", text(round->given_up)}});
        }
        co_await pause_until(deadline::in(steady_now(), again_after));
    }
}

} // namespace gateway::app
