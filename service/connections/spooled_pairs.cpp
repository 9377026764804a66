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
                                                  const login_outcome& page, const vault::fresh_tokens& fresh,
                                                  wall_time now) {
    if (vault_.spool() == nullptr) return {};
    const memory_reserve::scope no_failure;
    auto copy = vault::spooled(vault::spooled_kind::login, login.app, fresh, now);
    copy.user = login.user;
    copy.login = write_spooled_login({login, page.salt, page.code_proof});
    return vault_.keep_on_disk(std::move(copy));
}

/// One that fails does not hold up those behind it.
task<result<void>> connection_service::store_spooled(deadline until) {
    auto* const spool = vault_.spool();
    result<void> out;
    if (spool == nullptr) co_return out;
    std::uint64_t import = 0, login = 0;
    while (auto copy = spool->take_next(vault::spooled_kind::import, import)) {
        auto done = co_await store_spooled_import(vault_, std::move(copy), until);
        if (!done && out) out = std::move(done);
    }
    while (auto copy = spool->take_next(vault::spooled_kind::login, login)) {
        auto done = co_await finish_spooled(std::move(copy), until);
        if (!done && out) out = std::move(done);
    }
    co_return out;
}

/// As if its callback had come back now; but nobody waits for a page, so it cannot be confirmed.
task<result<void>> connection_service::finish_spooled(vault::spooled_copy copy, deadline until) {
    const auto spooled = read_spooled_login(copy.pair().login);
    if (!spooled) {
        copy.set_aside("damaged");
        co_return result<void>{};
    }
    const auto& login = spooled->login;
    auto fresh = copy.pair().tokens();
    const auto received_at = copy.pair().text.received_at;
    const auto there = co_await connections_.find_summary(login.user, until);
    if (!there) co_return there.error();
    // Of the same user: this one, stored before the process died, or that of a later login.
    const bool newer = *there && (*there)->app == login.app
                       && (*there)->connected_at >= fresh.granted_at.value_or(received_at);
    login_end end;
    bool is_told = false; // on its page
    if (newer) {
        const auto noted = co_await begun_.find(login.state_hash, wall_now(), until);
        if (!noted) co_return noted.error();
        const auto progress = *noted ? (*noted)->progress : store::login_progress::taken;
        is_told = progress == store::login_progress::ended;
        const bool is_this_one = is_told || progress == store::login_progress::stored;
        end.result = is_this_one ? login_result::connected : login_result::link_spent;
        end.scopes = fresh.scopes;
    } else if (rights_->may_connect_at_once(login)) {
        end = co_await connect_at_once(login, fresh, received_at);
    } else {
        end.result = rights_->caller_of(login) ? login_result::not_confirmed : login_result::not_allowed;
    }
    if (end.result == login_result::unavailable)
        co_return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
    if (!newer) report(login.user, login.caller, end);
    if (end.result != login_result::connected) {
        const auto given_up = co_await vault_.give_up(std::move(fresh), received_at, time_to_store());
        if (!given_up) co_return given_up.error();
    }
    login_outcome page;
    page.result = end.result;
    page.salt = spooled->page_salt;
    page.code_proof = spooled->page_proof;
    page.scopes = end.scopes;
    if (!is_told) co_await keep_outcome(login, page);
    copy.stored();
    co_return result<void>{};
}

} // namespace gateway::connections
