// What is listed, imported and ended; logins are in login.cpp.
#include "connections/desk.hpp"

#include "base/pattern.hpp"
#include "connections/import_body.hpp"
#include "store/store.hpp"
#include "tiktok/oauth.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr milliseconds revoke_timeout{5'000};

connection_view view_of(const store::connection_record& record) {
    return {
        record.user,      record.account,           vault::split_scopes(record.scopes), record.state,
        record.cause,     record.access_expires_at, record.refresh_expires_at,          record.connected_at,
        record.updated_at};
}

failure not_connected() {
    return failure{errc::user_not_connected, "This user has no TikTok connection."};
}

/// Causes of `authorization.removed` (tiktok-api §7).
std::string_view removal_cause(std::int64_t reason) {
    switch (reason) {
        case 1:
            return "user_disconnected";
        case 2:
            return "account_deleted";
        case 3:
            return "account_age_changed";
        case 4:
            return "account_banned";
        case 5:
            return "revoked_by_developer";
        default:
            return "authorization_removed";
    }
}

} // namespace

desk::desk(store::store& records, vault::token_vault& vault, tiktok::oauth& ask,
           const settings::all& settings)
    : records_(records), vault_(vault), ask_(ask), settings_(settings) {}

task<result<connection_view>> desk::import_tokens(user_id user, std::string body, wall_time now,
                                                  deadline until) {
    const secret wiped{std::move(body)};
    auto fresh = read_import(wiped.reveal());
    if (!fresh) co_return fresh.error();
    const auto saved = co_await vault_.save_grant(user, std::move(*fresh), now, until);
    if (!saved) co_return saved.error();
    co_return co_await show(std::move(user), until);
}

task<result<connection_page>> desk::list(const settings::caller& by, std::string cursor, std::uint32_t limit,
                                         deadline until) {
    auto found = co_await records_.list_connections(by.users, std::move(cursor), limit, until);
    if (!found) co_return found.error();
    connection_page out;
    for (const auto& record : found->rows)
        out.rows.push_back(view_of(record));
    out.next_cursor = std::move(found->next);
    co_return out;
}

task<result<connection_view>> desk::show(user_id user, deadline until) {
    const auto found = co_await records_.find_connection(std::move(user), until);
    if (!found) co_return found.error();
    if (!*found) co_return not_connected();
    co_return view_of(**found);
}

task<result<std::vector<connection_view>>> desk::of_account(const settings::caller& by, open_id account,
                                                            deadline until) {
    const auto found = co_await records_.find_connections_of_account(std::move(account), until);
    if (!found) co_return found.error();
    std::vector<connection_view> out;
    for (const auto& record : *found)
        if (matches_any(by.users, record.user.text())) out.push_back(view_of(record));
    co_return out;
}

task<result<disconnected>> desk::disconnect(user_id user, wall_time now, deadline until) {
    const auto there = co_await vault_.load_again(user, until);
    if (!there) co_return there.error();
    const auto& tokens = **there;
    const auto sharing = co_await records_.find_connections_of_account(tokens.account, until);
    if (!sharing) co_return sharing.error();
    const bool alone =
        std::none_of(sharing->begin(), sharing->end(), [&user](const store::connection_record& other) {
            return other.user != user && other.state != store::connection_state::revoked;
        });
    disconnected out;
    if (alone && !tokens.access_token.empty() && now < tokens.access_expires_at) {
        const auto soon = until.no_later_than(steady_now() + revoke_timeout);
        const auto revoked = co_await ask_.revoke(tokens.access_token.copy(), soon);
        out.revoked_at_tiktok = revoked.has_value();
    }
    // Whatever TikTok said, the user asked us to forget.
    const auto gone = co_await vault_.forget(std::move(user), until);
    if (!gone) co_return gone.error();
    co_return out;
}

task<result<std::size_t>> desk::on_authorization_removed(open_id account, std::int64_t reason,
                                                         wall_time happened_at, wall_time now,
                                                         deadline until) {
    const auto found = co_await records_.find_connections_of_account(std::move(account), until);
    if (!found) co_return found.error();
    std::size_t count = 0;
    for (const auto& record : *found) {
        // TikTok repeats an event for up to 72 hours: one from before this grant says nothing about it. Its
        // time has no milliseconds.
        const bool older_than_grant = happened_at + seconds{1} < record.connected_at;
        if (older_than_grant || record.state == store::connection_state::revoked) continue;
        std::string cause{removal_cause(reason)};
        const auto known = co_await vault_.revoke(record.user, std::move(cause), now, until);
        if (!known) co_return known.error();
        ++count;
    }
    co_return count;
}

} // namespace gateway::connections
