// The end of a login (connection_service.hpp) that was found: TikTok's answer, the exchange of the code, and
// where the grant goes.
#include "base/lists.hpp"
#include "connections/connection_service.hpp"
#include "connections/deadlines.hpp"
#include "store/connections.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/received_pair.hpp"
#include "vault/token_vault.hpp"

namespace gateway::connections {
namespace {

login_end ended(login_result result, tiktok_error_text words = {}) {
    login_end end{result};
    end.tiktok = std::move(words);
    return end;
}

/// TikTok sent the browser back with an error in place of a code.
login_end refused_on_page(const callback_query& query) {
    constexpr std::size_t code_size_max = 64; // it came with the browser
    auto end = ended(result_for(query.error));
    end.words = words_for(query.error);
    end.tiktok.code = query.error.substr(0, code_size_max);
    return end;
}

/// A grant without a refresh token would expire within hours (T09).
bool complete(const tiktok::token_answer& answer) {
    return !answer.refresh_token.empty() && answer.refresh_lifetime.count() > 0 && !answer.account.empty();
}

login_end refused_exchange(tiktok::token_outcome outcome) {
    if (auto* invalid = std::get_if<tiktok::grant_invalid>(&outcome))
        return ended(login_result::code_refused, std::move(invalid->words));
    if (auto* app = std::get_if<tiktok::app_refused>(&outcome))
        return ended(login_result::app_refused, std::move(app->words));
    // TikTok does not take this request of the gateway's.
    if (auto* refused = std::get_if<tiktok::grant_refused>(&outcome))
        return ended(login_result::unavailable, std::move(refused->words));
    if (auto* later = std::get_if<tiktok::try_later>(&outcome)) {
        const auto* more = later->why.details();
        const bool ours = later->why.code() == errc::overloaded;
        auto end = ended(ours ? login_result::unavailable : login_result::tiktok_unreachable,
                         more && more->tiktok ? *more->tiktok : tiktok_error_text{});
        end.cause = later->why.message();
        return end;
    }
    auto end = ended(login_result::tiktok_unreachable);
    end.cause = std::get<tiktok::answer_lost>(outcome).why;
    end.words = refusal_words{"TikTok's answer to this login was lost.", start_again};
    return end;
}

login_result result_of(vault::saved_grant::kind end) {
    using kind = vault::saved_grant::kind;
    if (end == kind::stored) return login_result::connected;
    if (end == kind::another_account) return login_result::another_account;
    if (end == kind::account_full) return login_result::account_full;
    if (end == kind::not_allowed) return login_result::not_allowed;
    return login_result::link_spent;
}

} // namespace

task<login_end> connection_service::finish(const store::oauth_state_record& login, secret verifier,
                                           const callback_query& query, const login_outcome& page,
                                           wall_time now, deadline until) {
    if (!rights_->caller_of(login)) co_return ended(login_result::not_allowed);
    if (!query.error.empty()) co_return refused_on_page(query);
    if (login.app != ask_.client_key()) {
        auto end = ended(login_result::unavailable);
        end.words =
            refusal_words{"This service uses another TikTok app since this login was begun.", start_again};
        end.cause = "it was begun under another tiktok.client_key";
        co_return end;
    }
    if (query.code.empty()) co_return ended(login_result::code_refused);
    auto outcome = co_await ask_.exchange(query.code, std::move(verifier), part_for_tiktok(until),
                                          sharer_of(login.caller.text()));
    auto* answer = std::get_if<tiktok::token_answer>(&outcome);
    if (answer == nullptr) co_return refused_exchange(std::move(outcome));
    const auto log_id = answer->log_id;
    const bool whole = complete(*answer);
    const secret no_other;
    auto fresh = tokens::tokens_of(*answer, no_other, {}, {});
    login_end end;
    if (!whole) {
        end = ended(login_result::tiktok_unreachable);
        end.words = refusal_words{"TikTok's answer was not complete.", start_again};
        // If this fails, the grant is left to expire.
        if (!fresh.account.empty())
            static_cast<void>(co_await vault_.give_up(std::move(fresh), now, time_to_store()));
    } else {
        auto copy = keep_copy(login, page, fresh, now);
        auto confirmation = confirmation_of(page.salt, query.code);
        end = co_await keep_grant(login, std::move(fresh), std::move(confirmation), now);
        end.waits_on_disk = copy && end.result == login_result::unavailable;
        if (end.waits_on_disk)
            end.words = refusal_words{"The login is not stored yet.",
                                      "It goes on by itself within minutes; load this page again to see it."};
        else
            copy.stored();
    }
    end.tiktok.log_id = log_id;
    co_return end;
}

task<login_end> connection_service::keep_grant(const store::oauth_state_record& login,
                                               vault::fresh_tokens fresh, secret confirmation,
                                               wall_time now) {
    login_end end;
    end.scopes = fresh.scopes;
    bool waits = !rights_->may_connect_at_once(login); // asked again, because TikTok took its time
    if (!waits) {
        end = co_await connect_at_once(login, fresh, now);
        waits = end.result == login_result::not_allowed; // the settings changed while the store worked
    }
    if (waits && !rights_->caller_of(login))
        end.result = login_result::not_allowed;
    else if (waits)
        end.result = co_await keep_waiting(login, fresh, std::move(confirmation), now, time_to_store());
    if (waits && end.result == login_result::unavailable) end.cause = "the store did not keep the grant";
    // Whether an unavailable store has kept it may not be known: what a connection or a waiting grant holds
    // is not given up. If the store is still away, the grant is left to expire.
    if (is_refusal(end.result))
        static_cast<void>(co_await vault_.give_up(std::move(fresh), now, time_to_store()));
    co_return end;
}

task<login_end> connection_service::connect_at_once(const store::oauth_state_record& login,
                                                    const vault::fresh_tokens& fresh, wall_time now) {
    login_end end;
    end.scopes = fresh.scopes;
    auto copy = fresh.copy();
    store::grant_permit permit;
    permit.state_hash = login.state_hash;
    permit.is_allowed = [rights = rights_, login] { return rights->may_connect_at_once(login); };
    auto stored = co_await store_grant(login.user, std::move(copy), std::move(permit), login.replace_account,
                                       now, time_to_store());
    end.result = stored.result;
    if (stored.why) end.cause = stored.why->message();
    if (stored.result == login_result::connected) end.scopes = std::move(stored.scopes);
    co_return end;
}

task<stored_grant> connection_service::store_grant(user_id user, vault::fresh_tokens fresh,
                                                   store::grant_permit permit, bool replace_account,
                                                   wall_time now, deadline until) {
    stored_grant out;
    const auto change = replace_account ? vault::account_change::allowed : vault::account_change::refused;
    const auto saved =
        co_await vault_.save_grant(std::move(user), std::move(fresh), change, std::move(permit), now, until);
    if (!saved) {
        out.why = saved.error();
        co_return out;
    }
    out.result = result_of(saved->what);
    if (saved->tokens) out.scopes = joined(saved->tokens->scopes());
    co_return out;
}

} // namespace gateway::connections
