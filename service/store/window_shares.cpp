#include "store/window_shares.hpp"

#include "limits/share.hpp"
#include "store/queries.hpp"

namespace gateway::store {
namespace {

/// PostgreSQL only: changes rows within WITH, so that it needs one round trip. Shares of dead replicas expire
/// at held_until. All times are compared in the database, because replicas' clocks differ.
constexpr char share_sql[] =
    "WITH others AS (SELECT CAST(coalesce(sum(capacity), 0) AS BIGINT) AS held, "
    "coalesce(min(CASE WHEN frees_at > now_ms() THEN frees_at "
    "WHEN NOT EXISTS (SELECT 1 FROM store_instances i WHERE i.owner = w.owner AND i.alive_until > now_ms()) "
    "THEN held_until END), 0) AS frees_at "
    "FROM window_shares w WHERE window_key = $1 AND kind = $2 AND owner <> $3 AND held_until > now_ms()), "
    "granted AS (SELECT greatest(0, least($5, $4 - held)) AS capacity, held, frees_at, "
    "now_ms() + $8 AS held_until FROM others), "
    "put AS (INSERT INTO window_shares (window_key, kind, owner, capacity, frees_at, held_until) "
    "SELECT $1, $2, $3, greatest(capacity, $6), now_ms() + $7, held_until FROM granted "
    "WHERE greatest(capacity, $6) > 0 ON CONFLICT (window_key, kind, owner) DO UPDATE SET "
    "capacity = excluded.capacity, frees_at = excluded.frees_at, held_until = excluded.held_until) "
    "SELECT capacity, held, greatest(0, frees_at - now_ms()), held_until FROM granted";

} // namespace

task<result<window_grant>> window_shares::take(window_request request, deadline until) {
    if (!engine_.replicas()) {
        const window_grant whole{request.limit, 0, milliseconds{0}};
        co_return whole;
    }
    const auto ask_database = [request](transaction& at) -> task<window_grant> {
        const statement ask(share_sql, request.which.key, request.which.kind, at.owner(), request.limit,
                            request.wanted, request.used, request.frees_in,
                            limits::share_held(request.length));
        auto found = co_await at.run(ask);
        window_grant out;
        const bool given = found.next(out.capacity, out.others, out.free_after, out.granted_as);
        if (given && out.capacity < request.wanted && out.others > 0)
            at.notify(change::wanted(request.which));
        co_return out;
    };
    co_return co_await run(engine_, unit::of(request.which), until, ask_database);
}

/// A late return must not reduce a newer grant.
task<result<void>> window_shares::give_back(window_name which, std::int64_t granted_as,
                                            std::uint32_t capacity, milliseconds frees_in, deadline until) {
    if (!engine_.replicas()) co_return result<void>{};
    const auto reduce = [=](transaction& at) {
        statement keep(
            "UPDATE window_shares SET capacity = least(capacity, $5), frees_at = now_ms() + $6 "
            "WHERE window_key = $1 AND kind = $2 AND owner = $3 AND held_until <= $4",
            which.key, which.kind, at.owner(), granted_as, capacity, frees_in);
        return execute(at, std::move(keep));
    };
    co_return co_await run(engine_, unit::writes(), until, reduce);
}

task<result<void>> window_shares::close(window_name which, std::uint32_t limit, milliseconds wait,
                                        deadline until) {
    if (!engine_.replicas()) co_return result<void>{};
    const auto close_for_all = [=](transaction& at) -> task<void> {
        statement close( // a share of TikTok's own closes the window for all
            "INSERT INTO window_shares AS w (window_key, kind, owner, capacity, frees_at, held_until) "
            "VALUES ($1, $2, 'tiktok', $3, now_ms() + $4, now_ms() + $4) "
            "ON CONFLICT (window_key, kind, owner) DO UPDATE SET capacity = excluded.capacity, "
            "frees_at = greatest(w.frees_at, excluded.frees_at), "
            "held_until = greatest(w.held_until, excluded.held_until)",
            which.key, which.kind, limit, wait);
        co_await execute(at, std::move(close));
        at.notify(change::closed(which));
    };
    co_return co_await run(engine_, unit::atomic_writes(), until, close_for_all);
}

task<result<milliseconds>> window_shares::closed_for(window_name which, deadline until) {
    if (!engine_.replicas()) co_return milliseconds{0};
    const auto look = [=](transaction& at) -> task<milliseconds> {
        const statement ask(
            "SELECT held_until - now_ms() FROM window_shares "
            "WHERE window_key = $1 AND kind = $2 AND owner = 'tiktok' AND held_until > now_ms()",
            which.key, which.kind);
        auto found = co_await at.run(ask);
        milliseconds left{0};
        found.next(left);
        co_return left;
    };
    co_return co_await run(engine_, unit::reads(), until, look);
}

} // namespace gateway::store
