#include "store/window_shares.hpp"

#include "limits/share.hpp"
#include "store/queries.hpp"

#include <string>

namespace gateway::store {
namespace {

/// PostgreSQL only: changes rows within WITH, so that it needs one round trip. All times are compared in the
/// database, because replicas' clocks differ.
///
/// `each_one`: what a row of another replica counts now: not the slots that are free by what it told. The row
/// of a replica that was not heard ends at its fence and a window; of one that has deregistered, and of
/// TikTok's own, at held_until. `next_at`: when its next slot is free, whatever becomes of the replica.
constexpr char share_sql[] =
    "WITH moment AS MATERIALIZED (SELECT now_ms() AS at), "
    "each_one AS (SELECT w.owner, w.told_at, greatest(0, w.capacity - f.past) AS counted, "
    "w.capacity > f.known AS is_more, f.next_at, "
    "greatest(i.alive_until - $9, w.told_at) + $10 > moment.at AND i.owner IS NOT NULL AS is_heard, "
    "CASE WHEN i.owner IS NULL THEN w.held_until "
    "ELSE least(w.held_until, greatest(i.alive_until - $9, w.told_at) + $11) END AS ends_at "
    "FROM moment, window_shares w LEFT JOIN store_instances i ON i.owner = w.owner, "
    "LATERAL (SELECT CAST(coalesce(sum(count) FILTER (WHERE free_at <= moment.at), 0) AS BIGINT) AS past, "
    "CAST(coalesce(sum(count), 0) AS BIGINT) AS known, "
    "min(free_at) FILTER (WHERE free_at > moment.at) AS next_at "
    "FROM (SELECT w.told_at + CAST(split_part(piece, ':', 1) AS BIGINT) AS free_at, "
    "CAST(split_part(piece, ':', 2) AS BIGINT) AS count "
    "FROM unnest(string_to_array(w.frees, ',')) AS piece) AS told) AS f "
    "WHERE w.window_key = $1 AND w.kind = $2 AND w.owner <> $3), "
    "others AS (SELECT CAST(coalesce(sum(counted), 0) AS BIGINT) AS held, "
    "coalesce(min(least(next_at, ends_at)) FILTER (WHERE owner <> 'tiktok'), 0) AS free_at, "
    "coalesce(max(ends_at) FILTER (WHERE owner = 'tiktok'), 0) AS closed_until, "
    "count(*) FILTER (WHERE is_heard AND is_more AND told_at < $12) AS not_told "
    "FROM each_one, moment WHERE ends_at > moment.at AND counted > 0), "
    "granted AS (SELECT greatest(0, least($5, $4 - held)) AS capacity FROM others), "
    "put AS (INSERT INTO window_shares AS w "
    "(window_key, kind, owner, capacity, frees_at, held_until, told_at, frees, turn) "
    "SELECT $1, $2, $3, greatest(capacity, $6), moment.at, moment.at + $8, moment.at, CAST($7 AS TEXT), "
    "CAST($13 AS BIGINT) "
    "FROM granted, moment WHERE greatest(capacity, $6) > 0 "
    "ON CONFLICT (window_key, kind, owner) DO UPDATE SET capacity = excluded.capacity, "
    "frees_at = excluded.frees_at, held_until = excluded.held_until, told_at = excluded.told_at, "
    "frees = excluded.frees, turn = excluded.turn WHERE w.turn < excluded.turn) "
    "SELECT capacity, held, greatest(0, free_at - moment.at), greatest(0, closed_until - moment.at), "
    "not_told, moment.at FROM granted, others, moment";

/// As the column `frees` has it: "MILLISECONDS:COUNT,…", counted from told_at.
std::string text_of(const std::vector<slots_free>& frees) {
    std::string out;
    for (const auto& each : frees) {
        if (!out.empty()) out += ',';
        out += std::to_string(each.in.count()) + ':' + std::to_string(each.count);
    }
    return out;
}

} // namespace

task<result<window_grant>> window_shares::take(window_request request, deadline until) {
    if (!engine_.replicas()) {
        window_grant whole;
        whole.capacity = request.limit;
        co_return whole;
    }
    const auto which = request.use.which;
    const auto ask_database = [request = std::move(request), silent_max = engine_.limits().silent_max](
                                  transaction& at) -> task<window_grant> {
        const auto& use = request.use;
        const statement ask(share_sql, use.which.key, use.which.kind, at.owner(), request.limit,
                            request.wanted, use.used, text_of(use.frees), limits::share_held(request.length),
                            silent_max, limits::share_fence, limits::silent_share_held(request.length),
                            request.asked_at, use.turn);
        auto found = co_await at.run(ask);
        window_grant out;
        const bool given = found.next(out.capacity, out.others, out.free_after, out.closed_for, out.not_told,
                                      out.granted_at);
        const bool first = request.asked_at == window_request::nobody_has_told;
        if (given && first && out.capacity < request.needed && out.not_told > 0)
            at.notify(change::wanted(use.which));
        co_return out;
    };
    co_return co_await run(engine_, unit::of(which), until, ask_database);
}

task<result<void>> window_shares::give_back(window_use use, std::uint32_t capacity, deadline until) {
    if (!engine_.replicas()) co_return result<void>{};
    const auto reduce = [use = std::move(use), capacity](transaction& at) {
        statement keep(
            "UPDATE window_shares SET capacity = $4, frees = $5, told_at = now_ms(), "
            "turn = $6 WHERE window_key = $1 AND kind = $2 AND owner = $3 AND turn < $6",
            use.which.key, use.which.kind, at.owner(), capacity, text_of(use.frees), use.turn);
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
