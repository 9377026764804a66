// Shares of TikTok's windows. Every comparison of times is the database's: replicas' clocks differ.
#include "store/postgresql/operations.hpp"

namespace gateway::store::postgresql {
namespace {

/// Whose share this is when TikTok itself has closed a window.
constexpr const char* tiktok_itself = "tiktok";

constexpr const char* take_share =
    // The dead give nothing back: what they had is free when it is held no longer.
    "WITH others AS (SELECT coalesce(sum(capacity), 0)::bigint AS held, "
    "coalesce(min(CASE WHEN frees_at > " DATABASE_NOW
    " THEN frees_at WHEN NOT EXISTS (SELECT 1 FROM store_instances i WHERE i.owner = w.owner "
    "AND i.alive_until > " DATABASE_NOW
    ") THEN held_until END), 0) AS frees_at "
    "FROM window_shares w WHERE window_key = $1 AND kind = $2 AND owner <> $3 "
    "AND held_until > " DATABASE_NOW
    "), "
    "granted AS (SELECT greatest(0, least($5, $4 - held)) AS capacity, held, frees_at, " DATABASE_NOW
    " + $8 AS held_until FROM others), "
    "put AS (INSERT INTO window_shares (window_key, kind, owner, capacity, frees_at, held_until) "
    "SELECT $1, $2, $3, greatest(capacity, $6), " DATABASE_NOW
    " + $7, held_until FROM granted WHERE greatest(capacity, $6) > 0 "
    "ON CONFLICT (window_key, kind, owner) DO UPDATE SET capacity = excluded.capacity, "
    "frees_at = excluded.frees_at, held_until = excluded.held_until) "
    "SELECT capacity, held, greatest(0, frees_at - " DATABASE_NOW "), held_until FROM granted";

task<void> tell_wanted(connection& at, const window_name& which) {
    statement tell{"SELECT pg_notify(" CHANGES_CHANNEL ", 'wanted ' || $1::bigint || ' ' || $2)"};
    tell.number(std::int64_t{which.kind}).text(which.key);
    co_await at.run(tell);
}

} // namespace

task<window_grant> take_window_share(connection& at, const window_wish& wish, const std::string& owner) {
    statement take{take_share};
    take.text(wish.which.key)
        .number(std::int64_t{wish.which.kind})
        .text(owner)
        .number(std::int64_t{wish.limit})
        .number(std::int64_t{wish.wanted})
        .number(std::int64_t{wish.used})
        .number(std::int64_t{wish.frees_in.count()})
        .number(std::int64_t{limits::share_held(wish.length).count()});
    auto row = co_await at.run(take);
    window_grant out;
    if (!row.next()) co_return out;
    out.capacity = static_cast<std::uint32_t>(row.next_number());
    out.others = static_cast<std::uint32_t>(row.next_number());
    out.free_after = milliseconds{row.next_number()};
    out.granted_as = row.next_number();
    if (out.capacity < wish.wanted && out.others > 0) co_await tell_wanted(at, wish.which);
    co_return out;
}

/// A return that comes late must not take from a newer grant.
task<done> return_window_share(connection& at, window_return what, const std::string& owner) {
    statement keep{"UPDATE window_shares SET capacity = least(capacity, $1), frees_at = " DATABASE_NOW
                   " + $2 WHERE window_key = $3 AND kind = $4 AND owner = $5 AND held_until <= $6"};
    keep.number(std::int64_t{what.capacity})
        .number(std::int64_t{what.frees_in.count()})
        .text(what.which.key)
        .number(std::int64_t{what.which.kind})
        .text(owner)
        .number(what.granted_as);
    co_await at.run(keep);
    co_return done{};
}

task<done> close_window(connection& at, const window_name& which, std::uint32_t limit, milliseconds wait) {
    statement close{
        "INSERT INTO window_shares AS w (window_key, kind, owner, capacity, frees_at, held_until) "
        "VALUES ($1, $2, $3, $4, " DATABASE_NOW " + $5, " DATABASE_NOW
        " + $5) ON CONFLICT (window_key, kind, owner) DO UPDATE SET capacity = excluded.capacity, "
        "frees_at = greatest(w.frees_at, excluded.frees_at), "
        "held_until = greatest(w.held_until, excluded.held_until)"};
    close.text(which.key)
        .number(std::int64_t{which.kind})
        .text(tiktok_itself)
        .number(std::int64_t{limit})
        .number(std::int64_t{wait.count()});
    co_await at.run(close);
    statement tell{"SELECT pg_notify(" CHANGES_CHANNEL
                   ", 'closed ' || $1::bigint || ' ' || $2::bigint || ' ' || $3)"};
    tell.number(std::int64_t{which.kind}).number(std::int64_t{wait.count()}).text(which.key);
    co_await at.run(tell);
    co_return done{};
}

} // namespace gateway::store::postgresql
