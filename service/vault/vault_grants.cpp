// How a new grant is stored (token_vault.hpp): sealed, above every version of its user.
#include "vault/token_set_of_row.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

/// Of a grant that the store did not take.
saved_grant::kind refusal_of(store::grant_end::kind end) {
    using store_end = store::grant_end::kind;
    if (end == store_end::account_full) return saved_grant::kind::account_full;
    if (end == store_end::imported_before) return saved_grant::kind::imported_before;
    if (end == store_end::not_allowed) return saved_grant::kind::not_allowed;
    if (end == store_end::needs_pair) return saved_grant::kind::needs_pair;
    return saved_grant::kind::permit_gone;
}

} // namespace

task<result<token_vault::grant_place>> token_vault::place_for(user_id user, open_id account,
                                                              account_change change, deadline until) {
    using enum grant_place::kind;
    grant_place out;
    auto there = co_await connections_.find_summary(user, until);
    if (!there) co_return there.error();
    if (!*there) {
        const auto floor = co_await connections_.version_floor(until);
        if (!floor) co_return floor.error();
        out.newest_used = *floor;
        co_return out;
    }
    const auto& record = **there;
    const auto moved = co_await sort_out(record, until);
    if (!moved) co_return moved.error();
    // open_ids differ from app to app, so an account of another app is not another account.
    if (*moved)
        out.what = changed;
    else if (change == account_change::refused && is_surely_ours(record) && record.account != account)
        out.what = other_account;
    out.expected = out.newest_used = record.version;
    const bool replaces = record.app == app_ && record.account != account && store::is_in_use(record);
    if (out.what != free || !replaces) co_return out;
    auto pair = co_await seal_replaced(record, until);
    if (!pair) co_return pair.error();
    if (!*pair) out.what = changed;
    out.replaced = std::move(*pair);
    co_return out;
}

task<result<std::optional<store::revocation_record>>> token_vault::seal_replaced(
    const store::connection_summary& there, deadline until) {
    const auto row = co_await connections_.find(there.user, until);
    if (!row) co_return row.error();
    std::optional<store::revocation_record> pair;
    if (!*row || (*row)->version != there.version) co_return pair;
    auto leaving = co_await leaving_pair(**row, wall_now(), until);
    if (!leaving) co_return leaving.error();
    pair.emplace(std::move(*leaving));
    co_return pair;
}

task<result<bool>> token_vault::is_connected(user_id user, deadline until) {
    const auto there = co_await connections_.find_summary(std::move(user), until);
    if (!there) co_return there.error();
    co_return there->has_value();
}

task<result<saved_grant>> token_vault::save_grant(user_id user, fresh_tokens fresh, account_change change,
                                                  store::grant_permit permit, wall_time now, deadline until) {
    constexpr int tries_max = 8; // each lost race means that another call stored a grant or a refresh
    const auto connected_at = fresh.granted_at.value_or(now);
    token_text text{std::move(fresh.access_token), std::move(fresh.refresh_token),
                    fresh.account.text(),          fresh.scopes,
                    std::min(now, connected_at), // a later one would be that of a refresh
                    now + fresh.access_lifetime,   now + fresh.refresh_lifetime};
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto noted = cache_.now(user);
        auto place = co_await place_for(user, fresh.account, change, until);
        if (!place) co_return place.error();
        if (place->what == grant_place::kind::changed) continue;
        if (place->what == grant_place::kind::other_account)
            co_return saved_grant{saved_grant::kind::another_account, nullptr};
        store::connection_record record;
        record.user = user;
        record.account = fresh.account;
        record.scopes = fresh.scopes;
        // Above an older row that somebody has put back, too: the new grant is believed from now on.
        record.version = std::max(place->newest_used, noted.newest_version) + 1;
        record.access_expires_at = text.access_expires_at;
        record.refresh_expires_at = text.refresh_expires_at;
        record.connected_at = connected_at;
        record.updated_at = now;
        record.app = app_;
        record.proof = fresh.proof;
        const auto keys = co_await ring_to_seal(1, until);
        if (!keys) co_return keys.error();
        record.sealed_tokens = seal_pair(**keys, record, text);
        auto out = described(record, scopes_);
        permit.replaced = std::move(place->replaced);
        const auto end = co_await connections_.put(std::move(record), place->expected, permit, until);
        if (!end) {
            cache_.mark_stale(user); // it may have been stored all the same
            co_return end.error();
        }
        if (end->what == store::grant_end::kind::changed) continue;
        if (!*end) co_return saved_grant{refusal_of(end->what), nullptr};
        take_tokens(*out, std::move(text), out->version);
        cache_.put_written(out, noted);
        co_return saved_grant{saved_grant::kind::stored, out};
    }
    co_return failure{errc::vault_unavailable,
                      "This user's connection is being changed by others; try again."};
}

} // namespace gateway::vault
