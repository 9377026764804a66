// Listing and importing; logins are in login.cpp, disconnecting in ending.cpp.
#include "connections/connection_service.hpp"

#include "base/pattern.hpp"
#include "connections/import_body.hpp"
#include "store/connections.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

namespace gateway::connections {

connection_service::connection_service(store::connections& connections, store::logins& begun,
                                       vault::token_vault& vault, tiktok::oauth& ask,
                                       tokens::token_service& tokens, login_settings logins)
    : connections_(connections),
      begun_(begun),
      vault_(vault),
      ask_(ask),
      tokens_(tokens),
      logins_(std::move(logins)) {}

task<result<store::connection_summary>> connection_service::import_tokens(user_id user, std::string body,
                                                                          wall_time now, deadline until) {
    const secret wiped{std::move(body)};
    auto fresh = read_import(wiped.reveal());
    if (!fresh) co_return fresh.error();
    const bool ended = fresh->access_lifetime.count() == 0;
    const auto saved = co_await vault_.save_grant(user, std::move(*fresh), now, until);
    if (!saved) co_return saved.error();
    // Refreshes at once, so that the state in the answer shows whether the refresh token works. If TikTok
    // cannot be asked now, the first call that needs a token tries again.
    if (ended) (void)co_await tokens_.access(user, until);
    co_return co_await show(std::move(user), until);
}

task<result<store::page_of<store::connection_summary>>> connection_service::list(const settings::caller& by,
                                                                                 std::string cursor,
                                                                                 std::uint32_t limit,
                                                                                 deadline until) {
    return connections_.list(by.users, std::move(cursor), limit, until);
}

task<result<store::connection_summary>> connection_service::show(user_id user, deadline until) {
    auto found = co_await connections_.find_summary(std::move(user), until);
    if (!found) co_return found.error();
    if (!*found) co_return failure{errc::user_not_connected, "This user has no TikTok connection."};
    co_return std::move(**found);
}

task<result<std::vector<store::connection_summary>>> connection_service::of_account(
    const settings::caller& by, open_id account, deadline until) {
    auto found = co_await connections_.of_account(std::move(account), until);
    if (found)
        std::erase_if(*found, [&by](const auto& one) { return !matches_any(by.users, one.user.text()); });
    co_return found;
}

} // namespace gateway::connections
