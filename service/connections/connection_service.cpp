// Listing and importing; logins are in login.cpp, disconnecting in ending.cpp.
#include "connections/connection_service.hpp"

#include "base/pattern.hpp"
#include "connections/import_body.hpp"
#include "store/connection_causes.hpp"
#include "store/connections.hpp"
#include "telemetry/sink.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

/// A connection of another app is not usable here, whatever its own state.
void show_app(store::connection_summary& shown, std::string_view app) {
    if (!store::is_of_another_app(shown, app)) return;
    shown.state = store::connection_state::reconnect_required;
    shown.cause = store::cause::other_app;
}

} // namespace

connection_service::connection_service(store::connections& connections, store::logins& begun,
                                       store::pending_grants& pending, vault::token_vault& vault,
                                       tiktok::oauth& ask, tokens::token_service& tokens,
                                       login_settings logins, store::refreshes& leases, ask_account whose,
                                       telemetry::sink* counts, find_account_name account_name)
    : connections_(connections),
      begun_(begun),
      pending_(pending),
      vault_(vault),
      ask_(ask),
      tokens_(tokens),
      logins_(std::move(logins)),
      rights_(std::make_shared<login_rights>(logins_.public_url)),
      importing_(vault, leases, ask, std::move(whose), uncut_),
      revoking_(vault, ask, tokens, uncut_),
      counts_(counts),
      account_name_(std::move(account_name)) {}

task<result<store::connection_summary>> connection_service::import_tokens(user_id user, std::string body,
                                                                          wall_time now, deadline until,
                                                                          caller_name by) {
    const secret wiped{std::move(body)};
    auto fresh = read_import(wiped.reveal());
    if (!fresh) co_return fresh.error();
    const auto imported = co_await importing_.import(user, std::move(*fresh), now, until);
    if (!imported) co_return imported.error();
    if (counts_)
        counts_->log(telemetry::level::info, "imported", {{"user", user.text()}, {"caller", by.text()}});
    co_return co_await show(std::move(user), until);
}

task<result<store::page_of<store::connection_summary>>> connection_service::list(const settings::caller& by,
                                                                                 std::string cursor,
                                                                                 std::uint32_t limit,
                                                                                 deadline until) {
    auto found = co_await connections_.list(by.users, std::move(cursor), limit, until);
    if (!found) co_return found.error();
    for (auto& one : found->rows)
        show_app(one, vault_.app());
    co_return found;
}

task<result<store::connection_summary>> connection_service::show(user_id user, deadline until) {
    auto found = co_await connections_.find_summary(user, until);
    if (found && *found && store::is_of_another_app(**found, vault_.app())) {
        // The user's pair of this app may wait beside it.
        static_cast<void>(co_await vault_.load(user, until));
        found = co_await connections_.find_summary(std::move(user), until);
    }
    if (!found) co_return found.error();
    if (!*found) co_return failure{errc::user_not_connected, "This user has no TikTok connection."};
    show_app(**found, vault_.app());
    co_return std::move(**found);
}

task<result<std::vector<store::connection_summary>>> connection_service::of_account(
    const settings::caller& by, open_id account, deadline until) {
    constexpr std::uint32_t looked_at = 200; // above users_of_account_max
    auto found = co_await connections_.of_account(std::move(account), vault_.app(), looked_at, until);
    if (!found) co_return found.error();
    std::erase_if(*found, [&by](const auto& one) { return !matches_any(by.users, one.user.text()); });
    std::stable_partition(found->begin(), found->end(),
                          [](const auto& one) { return one.state == store::connection_state::connected; });
    co_return found;
}

} // namespace gateway::connections
