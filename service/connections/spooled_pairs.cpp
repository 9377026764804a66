// Pairs of imports and logins that wait on this replica's disk, because the store was away when TikTok gave
// them (connection_service.hpp, vault/pair_spool.hpp).
#include "base/memory/memory_reserve.hpp"
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "connections/spooled_login.hpp"
#include "store/connections.hpp"
#include "vault/token_vault.hpp"

#include <utility>

namespace gateway::connections {

vault::spooled_copy connection_service::keep_copy(const store::oauth_state_record& login,
                                                  const vault::fresh_tokens& fresh, wall_time now) {
    if (vault_.spool() == nullptr) return {};
    const memory_reserve::scope no_failure;
    auto copy = vault::spooled(vault::spooled_kind::login, login.app, fresh, now);
    copy.user = login.user;
    copy.login = write_spooled_login(login);
    return vault_.keep_on_disk(std::move(copy));
}

task<result<void>> connection_service::store_spooled(deadline until) {
    auto* const spool = vault_.spool();
    if (spool == nullptr) co_return result<void>{};
    std::uint64_t import = 0, login = 0;
    while (auto copy = spool->take_next(vault::spooled_kind::import, import)) {
        const auto& pair = copy.pair();
        const auto known = co_await vault_.find_import(pair.sent_hash, wall_now(), until);
        if (!known) co_return known.error();
        if (!*known) { // else it was stored, and the process died then
            const auto tokens = pair.tokens();
            const auto kept =
                co_await vault_.keep_import(pair.sent_hash, tokens, pair.text.received_at, until);
            if (!kept) co_return kept.error();
        }
        copy.stored();
    }
    while (auto copy = spool->take_next(vault::spooled_kind::login, login)) {
        const auto done = co_await finish_spooled(std::move(copy), until);
        if (!done) co_return done.error();
    }
    co_return result<void>{};
}

/// As if its callback had come back now; but nobody waits for a page, so it cannot be confirmed.
task<result<void>> connection_service::finish_spooled(vault::spooled_copy copy, deadline until) {
    const auto login = read_spooled_login(copy.pair().login);
    if (!login) {
        copy.set_aside("damaged");
        co_return result<void>{};
    }
    auto fresh = copy.pair().tokens();
    const auto received_at = copy.pair().text.received_at;
    const auto there = co_await connections_.find_summary(login->user, until);
    if (!there) co_return there.error();
    // Of the same user: this one, stored before the process died, or that of a later login.
    const bool newer = *there && (*there)->app == login->app
                       && (*there)->connected_at >= fresh.granted_at.value_or(received_at);
    login_end end;
    if (newer)
        end.result = login_result::link_spent;
    else if (rights_->may_connect_at_once(*login))
        end = co_await connect_at_once(*login, fresh, received_at);
    else
        end.result = rights_->caller_of(*login) ? login_result::not_confirmed : login_result::not_allowed;
    if (end.result == login_result::unavailable)
        co_return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
    if (!newer) report(login->user, login->caller, end);
    if (end.result != login_result::connected) {
        const auto given_up = co_await vault_.give_up(std::move(fresh), received_at, time_to_store());
        if (!given_up) co_return given_up.error();
    }
    copy.stored();
    co_return result<void>{};
}

} // namespace gateway::connections
