// Keeps the pair that TikTok gave (refresh_steps.hpp). TikTok has ended the one before it, so it is tried
// until the store has it, and meanwhile a copy is on the disk (vault/pair_spool.hpp).
#include "base/failpoint.hpp"
#include "base/memory/memory_reserve.hpp"
#include "store/connection_causes.hpp"
#include "tokens/received_pair.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/refresh_steps.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace gateway::tokens {
namespace {

constexpr milliseconds one_try{15'000};
constexpr milliseconds retry_pause{200};

using store::account_proof;
using store::connection_state;

bool lacks_a_scope(const vault::token_set& now, const vault::token_set& before) {
    return std::any_of(before.scopes().begin(), before.scopes().end(),
                       [&now](const std::string& scope) { return !now.has_scope(scope); });
}

/// A refresh because of the clock does not reset the count of a pair that was refused.
std::uint32_t forced_in_a_row(const refresh_attempt& a) {
    if (a.one.forced > 0) return a.one.forced;
    return a.from->accepted.by_any() ? 0 : a.from->forced_in_a_row;
}

/// The copy on the disk of the pair that follows a.from.
vault::spooled_copy keep_copy(const refresh_attempt& a, const vault::fresh_tokens& fresh,
                              wall_time received_at) {
    if (a.s.vault.spool() == nullptr) return {};
    const memory_reserve::scope no_failure;
    auto pair = vault::spooled(vault::spooled_kind::refresh, a.s.vault.app(), fresh, received_at);
    pair.user = a.from->user;
    pair.version = a.from->version;
    pair.fence = a.held.fence;
    pair.sent_hash = import_hash(a.from->refresh_token);
    return a.s.vault.keep_on_disk(std::move(pair));
}

/// An exception is like a store that does not answer: the pair may be the only valid one, so it is tried
/// again.
task<result<vault::saved_refresh>> try_to_save(refresh_attempt& a, const vault::fresh_tokens& fresh,
                                               wall_time received_at) {
    try {
        auto copy = fresh.copy();
        co_return co_await a.s.vault.save_refreshed(a.held, a.from, std::move(copy), received_at,
                                                    deadline::in(steady_now(), one_try));
    } catch (const std::bad_alloc&) { // below
    }
    co_return store_trouble();
}

/// Until the store has it. `copy`: the one on the disk.
task<refresh_outcome> store_pair(refresh_attempt& a, const vault::fresh_tokens& fresh, wall_time received_at,
                                 vault::spooled_copy copy) {
    const auto received = steady_now();
    while (true) {
        auto saved = co_await try_to_save(a, fresh, received_at);
        if (saved && saved->tokens) {
            failpoint("refresh.stored"); // R8
            copy.stored();
            // A failure does not matter: the next such refresh notes it.
            static_cast<void>(co_await a.s.vault.note_taken(a.from, time_to_end()));
            const auto how = lacks_a_scope(*saved->tokens, *a.from) ? refresh_result::scope_reduced
                                                                    : refresh_result::refreshed;
            refresh_outcome end{how, std::move(saved->tokens), std::nullopt, true};
            co_return end;
        }
        if (saved && !saved->held_by_another) {
            copy.stored();
            co_return co_await look_again(a);
        }
        copy.hurry();
        if (steady_now() + retry_pause >= received + time_to_keep(a.s.draining)) break;
        co_await pause_surely(deadline::in(steady_now(), retry_pause));
    }
    co_return failed(refresh_result::store_failed, a.from, store_trouble());
}

/// TikTok has ended the refresh token that was sent, and nobody else has the pair that it gave for it.
task<void> keep_for_its_owner(refresh_attempt& a, const tiktok::token_answer& answer) {
    const auto& sent = a.from->refresh_token;
    const auto pair = tokens_of(answer, sent, {}, a.from->refresh_expires_at - wall_now());
    const auto retry_for = [&s = a.s] { return time_to_keep(s.draining); };
    // If this fails, nobody gets the pair, and TikTok ends it in time.
    static_cast<void>(co_await keep_for_import(a.s.vault, sent, pair, retry_for));
}

bool follows(const vault::spooled_pair& pair, const vault::token_set& tokens) {
    return pair.version == tokens.version && pair.text.account == tokens.account.text();
}

/// What was refreshed, as far as the copy says: the user's row is another one by now.
vault::shared_tokens as_sent(const vault::spooled_pair& pair) {
    auto out = std::make_shared<vault::token_set>();
    out->user = pair.user;
    out->account = open_id::trusted(pair.text.account);
    out->version = pair.version;
    out->refresh_expires_at = pair.text.refresh_expires_at;
    return out;
}

} // namespace

task<refresh_outcome> store_answer(refresh_attempt& a, const tiktok::token_answer& answer) {
    // An answer without an account is for the account of the refresh token that was sent.
    if (!answer.account.empty() && answer.account != a.from->account) {
        co_await keep_for_its_owner(a, answer);
        const std::string cause(store::cause::answer_for_another_account);
        co_await note_state(a, connection_state::reconnect_required, cause);
        co_return refused(refresh_result::wrong_account, a.from, reconnect_failure(cause));
    }
    // A reduced scope is stored as granted (the old pair is no longer valid), counted separately and logged;
    // calls that need the missing scopes are refused (T10).
    const auto received_at = wall_now();
    auto fresh = tokens_of(answer, a.from->refresh_token, {}, {});
    fresh.forced_in_a_row = forced_in_a_row(a);
    fresh.proof = answer.account.empty() ? account_proof::none : account_proof::pair;
    {
        const memory_reserve::scope no_failure;
        fresh.account = a.from->account;
    }
    auto copy = keep_copy(a, fresh, received_at);
    co_return co_await store_pair(a, fresh, received_at, std::move(copy));
}

task<std::optional<refresh_outcome>> store_spooled(refresh_attempt& a) {
    std::optional<refresh_outcome> out;
    auto* const spool = a.s.vault.spool();
    if (spool == nullptr) co_return out;
    auto copy = spool->take(a.one.user, a.from->version);
    const bool fits =
        copy && follows(copy.pair(), *a.from) && copy.pair().sent_hash == import_hash(a.from->refresh_token);
    if (!fits) co_return out;
    const auto fresh = copy.pair().tokens();
    const auto received_at = copy.pair().text.received_at;
    auto end = co_await store_pair(a, fresh, received_at, std::move(copy));
    out = std::move(end);
    co_return out;
}

task<refresh_outcome> store_all_spooled(refresh_attempt& a) {
    std::uint64_t after = 0;
    while (auto copy = a.s.vault.spool()->take_of(a.one.user, after)) {
        const auto& pair = copy.pair();
        const auto there = co_await a.s.vault.load_again(a.one.user, time_to_end());
        const bool absent = !there && there.error().code() == errc::user_not_connected;
        if (!there && !absent) co_return broken(there.error());
        const bool of_this_app = there && !(*there)->of_another_app;
        const bool fits = of_this_app && follows(pair, **there);
        const bool other_sent = fits && pair.sent_hash != import_hash((*there)->refresh_token);
        const bool is_wiped = fits && (*there)->refresh_token.empty();
        if (of_this_app && ((other_sent && !is_wiped) || (*there)->version < pair.version)) {
            copy.set_aside("the_store_has_an_older_pair"); // somebody has put back a backup of the store
            continue;
        }
        a.from = fits && !is_wiped ? *there : as_sent(pair);
        const auto fresh = pair.tokens();
        const auto received_at = pair.text.received_at;
        auto end = co_await store_pair(a, fresh, received_at, std::move(copy));
        const bool is_over = !end.failed || end.failed->code() == errc::user_not_connected;
        if (!is_over) co_return end;
    }
    auto there = co_await a.s.vault.load_again(a.one.user, time_to_end());
    if (there) co_return newest(std::move(*there));
    refresh_outcome end{refresh_result::superseded, nullptr, there.error(), false};
    co_return end;
}

} // namespace gateway::tokens
