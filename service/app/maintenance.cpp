#include "app/background.hpp"
#include "app/told_reason.hpp"
#include "files/staged_file_store.hpp"
#include "runtime/waiter.hpp"
#include "store/store.hpp"
#include "telemetry/sink.hpp"
#include "tokens/idle_users.hpp"

#include <algorithm>
#include <chrono>

namespace gateway::app {

namespace {

constexpr seconds look_every{5};
constexpr seconds ask_within{3};
constexpr seconds sweep_every{60};
constexpr seconds sweep_within{
    15}; // each of the records, the posts and the files, so that all end in a minute
constexpr seconds count_within{300};
constexpr int counting_share = 50; // the count of connections takes at most this part of the time
constexpr std::chrono::hours idle_users_every{6};

task<void> look_at_store(store::store& store, telemetry::sink& sink, store_health& health,
                         told_reason& told) {
    const auto well = co_await store.on().beat(deadline::in(steady_now(), ask_within));
    const bool was_well = health.good.exchange(well.has_value());
    if (well) {
        told.forget();
        if (!was_well) sink.log(telemetry::level::info, "store_is_back");
    } else if (const auto trouble = store.on().trouble(); told.is_due(trouble, steady_now())) {
        sink.log(telemetry::level::error, "store_does_not_answer", {{"reason", trouble}});
    }
    const bool has_room = store.on().state().now != store::condition::disk_full;
    if (health.has_room.exchange(has_room) != has_room)
        sink.log(has_room ? telemetry::level::info : telemetry::level::error,
                 has_room ? "store_has_room_again" : "store_has_no_room");
}

template <class Done>
void note_sweep(telemetry::sink& sink, std::string_view part, const result<Done>& done) {
    if (done) return;
    sink.log(telemetry::level::warn, "sweep_failed", {{"part", part}, {"reason", done.error().message()}});
}

} // namespace

task<void> run_health_checks(store::store& store, telemetry::sink& sink, store_health& health,
                             std::function<void(const std::string& reason)> lost) {
    told_reason told;
    while (true) {
        co_await look_at_store(store, sink, health, told);
        if (const auto is = store.on().state(); is.now == store::condition::failed) {
            lost(is.reason);
            co_return;
        }
        co_await pause_until(deadline::in(steady_now(), look_every));
    }
}

task<void> sweep(store::store& store, files::staged_file_store& files, const std::string& app,
                 milliseconds keep_posts, telemetry::sink& sink, store_health& health) {
    const auto now = wall_now();
    const auto posts_from = now - keep_posts;
    const auto records = co_await store.upkeep.sweep(now, deadline::in(steady_now(), sweep_within));
    note_sweep(sink, "store", records);
    const auto posts = co_await store.ledger.sweep(posts_from, deadline::in(steady_now(), sweep_within));
    note_sweep(sink, "posts", posts);
    const auto bytes = co_await files.sweep(now, deadline::in(steady_now(), sweep_within));
    note_sweep(sink, "files", bytes);
    const auto overdue =
        co_await store.upkeep.overdue(app, now, posts_from, deadline::in(steady_now(), sweep_within));
    if (!overdue) co_return;
    for (std::size_t at = 0; at < overdue->size(); ++at)
        health.overdue[at].store((*overdue)[at], std::memory_order_relaxed);
}

task<void> run_sweeps(store::store& store, files::staged_file_store& files, std::string app,
                      milliseconds keep_posts, telemetry::sink& sink, store_health& health) {
    steady_time next = steady_now() + sweep_every;
    while (true) {
        co_await pause_until(deadline{next});
        next = steady_now() + sweep_every;
        co_await sweep(store, files, app, keep_posts, sink, health);
    }
}

task<void> run_connection_counts(store::connections& connections, store_health& health) {
    while (true) {
        const auto began = steady_now();
        const auto counts = co_await connections.count_by_state(deadline::in(began, count_within));
        const auto ended = steady_now();
        for (std::size_t at = 0; counts && at < counts->size(); ++at)
            health.connections[at].store((*counts)[at], std::memory_order_relaxed);
        const auto next = std::max(began + look_every, ended + (ended - began) * counting_share);
        co_await pause_until(deadline{next});
    }
}

task<void> run_idle_user_refresh(store::connections& connections, tokens::token_service& tokens,
                                 telemetry::sink& sink) {
    while (true) {
        const auto next = steady_now() + idle_users_every;
        const auto done = co_await tokens::refresh_idle_users(connections, tokens, deadline{next});
        if (!done)
            sink.log(telemetry::level::warn, "idle_users_not_looked_at",
                     {{"reason", done.error().message()}});
        else if (*done > 0)
            sink.log(telemetry::level::info, "idle_users_refreshed", {{"count", std::to_string(*done)}});
        co_await pause_until(deadline{next});
    }
}

} // namespace gateway::app
