#include "connections/importing.hpp"

#include "base/digest.hpp"
#include "base/lists.hpp"
#include "base/refused_inputs.hpp"
#include "connections/uncut_work.hpp"
#include "runtime/waiter.hpp"
#include "tiktok/oauth.hpp"
#include "tiktok/oauth_messages.hpp"
#include "tokens/received_pair.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

namespace gateway::connections {
namespace {

constexpr std::string_view account_scope = "user.info.basic"; // with it user/info names the account
using store::lease_length;
constexpr milliseconds request_timeout{15'000};
constexpr milliseconds retry_pause{200};
constexpr milliseconds access_lifetime_max =
    std::chrono::hours{24}; // docs/tiktok-wire.md §1.2, the longer one

failure refused(std::string field, std::string reason) {
    std::string sentence = "TikTok does not confirm these tokens: " + field + " " + reason + ".";
    std::vector<field_fault> faults{{std::move(field), std::move(reason)}};
    return failure{errc::invalid_input, std::move(sentence)}.fields(std::move(faults));
}

failure dead() {
    return refused("refresh_token", "is not accepted by TikTok: only a new login helps");
}

failure for_another_account() {
    return refused("open_id", "is not the account to which TikTok says these tokens belong");
}

failure imported_for_another() {
    return refused("refresh_token", "was imported before, for another user; each needs a login of its own");
}

failure account_full() {
    std::vector<field_fault> faults{
        {"open_id",
         "is an account that has 50 users already, and no more are possible; disconnect one of them"}};
    return refused_inputs(std::move(faults));
}

failure disconnected_meanwhile() {
    return failure{errc::user_not_connected, "This user was disconnected while these tokens were imported."};
}

/// For everything but a pair and TikTok's word about this grant.
failure failure_of(tiktok::token_outcome outcome) {
    if (auto* const later = std::get_if<tiktok::try_later>(&outcome)) {
        if (!later->retry_after) return std::move(later->why);
        return failure(std::move(later->why)).retry_after(*later->retry_after);
    }
    if (auto* const lost = std::get_if<tiktok::answer_lost>(&outcome))
        return failure{errc::tiktok_unreachable,
                       "The answer of TikTok's token endpoint was lost: " + lost->why};
    if (auto* const app = std::get_if<tiktok::app_refused>(&outcome))
        return tiktok::failure_of(std::move(*app));
    auto& words = std::get<tiktok::grant_refused>(outcome).words;
    std::string sentence = "TikTok refuses the token request: " + words.code + ".";
    return failure{errc::tiktok_error, std::move(sentence)}.tiktok(std::move(words));
}

/// Not the name of any user, because a user_id has no slash.
user_id lease_of(std::string_view hash) {
    return user_id::trusted("import/" + to_hex(hash));
}

} // namespace

task<result<void>> store_spooled_import(vault::token_vault& in, vault::spooled_copy copy, deadline until) {
    const auto& pair = copy.pair();
    const auto known = co_await in.find_import(pair.sent_hash, wall_now(), until);
    if (!known) co_return known.error();
    if (!*known) { // else it was stored, and the process died then
        const auto tokens = pair.tokens();
        const auto kept = co_await in.keep_import(pair.sent_hash, tokens, pair.text.received_at, until);
        if (!kept) co_return kept.error();
    }
    copy.stored();
    co_return result<void>{};
}

task<result<void>> importer::import(user_id user, vault::fresh_tokens given, wall_time now, deadline until) {
    auto hash = tokens::import_hash(given.refresh_token);
    const auto connected = co_await vault_.is_connected(user, until);
    if (!connected) co_return connected.error();
    const attempt of{std::move(user), std::move(given), std::move(hash), *connected};
    const auto earlier = co_await go_on(of, until);
    if (!earlier) co_return earlier.error();
    if (*earlier) co_return result<void>{};
    const auto stored = co_await import_as_given(of, now, until);
    if (!stored) co_return stored.error();
    if (*stored) co_return result<void>{};
    const auto refreshed = co_await refresh(of, until);
    if (!refreshed) co_return refreshed.error();
    const auto end = co_await go_on(of, until);
    if (!end) co_return end.error();
    if (!*end) co_return dead(); // it was imported, and has ended meanwhile
    co_return result<void>{};
}

/// With TikTok's word about the access token alone. `false`: only a refresh can tell, or what it brings is
/// needed: where a pair that TikTok gave would be replaced, or waits, or the account has no room for less.
task<result<bool>> importer::import_as_given(const attempt& of, wall_time now, deadline until) {
    const bool can_ask =
        of.given.access_lifetime.count() > 0 && list_holds(of.given.scopes, ',', account_scope);
    if (!can_ask) co_return false;
    const auto named = co_await whose_(of.user, of.given.access_token.copy(), until);
    if (!named) co_return named.error();
    if (!*named) co_return false;
    if (**named != of.given.account) co_return for_another_account();
    auto tokens = of.given.copy();
    tokens.proof = store::account_proof::access_token;
    tokens.access_lifetime = std::min(tokens.access_lifetime, access_lifetime_max);
    co_return co_await save(of, std::move(tokens), now, until);
}

/// Goes on where an earlier import of the same tokens has ended. `false`: there is none, or none that helps.
task<result<bool>> importer::go_on(const attempt& of, deadline until) {
    auto kept = co_await vault_.find_import(of.hash, wall_now(), until);
    if (!kept) co_return kept.error();
    if (!*kept) co_return false;
    if (!(*kept)->user.empty()) co_return co_await is_still_there(of, (*kept)->user, until);
    const auto done = co_await complete(of, std::move(**kept), until);
    if (!done) co_return done.error();
    co_return true;
}

/// One import at a time sends a refresh token: TikTok may take a second request for a theft. On success the
/// pair is kept for go_on().
task<result<void>> importer::refresh(const attempt& of, deadline until) {
    while (true) {
        auto held = co_await leases_.take_lease(lease_of(of.hash), lease_length, until);
        if (!held) co_return held.error();
        if (*held) {
            auto alone = refresh_alone(of.copy(), std::move(**held), until.by());
            co_return co_await uncut_.run(std::move(alone), until);
        }
        const auto holder = co_await leases_.find_holder(lease_of(of.hash), until);
        const bool gone = holder && *holder && (*holder)->is_gone;
        if (gone && until.passed(steady_now() + (*holder)->left))
            co_return failure(errc::vault_unavailable,
                              "Another replica stopped while it was importing these tokens.")
                .retry_after((*holder)->left);
        if (until.passed(steady_now() + retry_pause))
            co_return failure{errc::deadline_exceeded, "Another import of these tokens is not finished."};
        co_await pause_until(deadline::in(steady_now(), retry_pause));
    }
}

/// With deadlines of its own: a caller's short one must not lose the answer.
task<result<void>> importer::refresh_alone(attempt of, store::lease held, sharer by) {
    const auto until = deadline::in(steady_now(), lease_length);
    auto end = co_await ask_and_keep(of, until, by);
    // If this fails, the lease expires.
    static_cast<void>(
        co_await leases_.release_lease(std::move(held), deadline::in(steady_now(), request_timeout)));
    co_return end;
}

task<result<void>> importer::ask_and_keep(const attempt& of, deadline until, sharer by) {
    // Before the look at the store, which has it when the copy is gone.
    const auto stored = co_await take_from_disk(of, until);
    if (!stored) co_return stored.error();
    auto kept = co_await vault_.find_import(of.hash, wall_now(), until);
    if (!kept) co_return kept.error();
    if (*kept && (*kept)->user.empty()) co_return result<void>{}; // of an import that had the lease before
    if (*kept) {
        const auto there = co_await is_still_there(of, (*kept)->user, until);
        if (!there) co_return there.error();
        if (*there) co_return result<void>{};
    }
    auto got = co_await ask_for_pair(of, until, by);
    if (!got) co_return got.error();
    const auto retry_for = [this] { return tokens::time_to_keep(uncut_.is_draining()); };
    co_return co_await tokens::keep_for_import(vault_, of.given.refresh_token, *got, retry_for);
}

/// A pair for the given refresh token may wait on this replica's disk.
task<result<void>> importer::take_from_disk(const attempt& of, deadline until) {
    if (vault_.spool() == nullptr) co_return result<void>{};
    auto copy = vault_.spool()->take_import(of.hash);
    if (!copy && vault_.spool()->holds_import(of.hash))
        co_return failure(errc::vault_unavailable, "The new tokens of this import are being stored.")
            .retry_after(seconds{1});
    if (!copy) co_return result<void>{};
    co_return co_await store_spooled_import(vault_, std::move(copy), until);
}

/// A token is not sent by whoever may have lost the lease meanwhile.
task<tiktok::token_outcome> importer::request(const attempt& of, deadline until, sharer by) {
    if (until.left(steady_now()) < request_timeout) {
        tiktok::try_later late{{errc::vault_unavailable, "The store does not answer; try again soon."}, {}};
        co_return late;
    }
    try {
        co_return co_await ask_.refresh(of.given.refresh_token.copy(),
                                        deadline::in(steady_now(), request_timeout), by);
    } catch (const std::bad_alloc&) { // the answer may have been there
    }
    co_return tiktok::answer_lost{"out of memory"};
}

task<result<vault::fresh_tokens>> importer::ask_for_pair(const attempt& of, deadline until, sharer by) {
    auto outcome = co_await request(of, until, by);
    if (std::holds_alternative<tiktok::answer_lost>(outcome)) // one that did not rotate answers now (T04)
        outcome = co_await request(of, until, by);
    if (std::holds_alternative<tiktok::grant_invalid>(outcome)) co_return dead();
    auto* const answer = std::get_if<tiktok::token_answer>(&outcome);
    if (answer == nullptr) co_return failure_of(std::move(outcome));
    co_return tokens::tokens_of(*answer, of.given.refresh_token, of.given.scopes, of.given.refresh_lifetime);
}

task<result<void>> importer::complete(const attempt& of, vault::import_proof proof, deadline until) {
    if (proof.tokens.account.empty()) {
        auto named = co_await whose_(of.user, proof.tokens.access_token.copy(), until);
        if (!named) co_return named.error();
        if (!*named) co_return failure{errc::tiktok_error, "TikTok does not say whose these tokens are."};
        proof.tokens.account = std::move(**named);
    }
    if (proof.tokens.account != of.given.account) co_return for_another_account();
    if (proof.tokens.scopes.empty()) proof.tokens.scopes = of.given.scopes;
    const auto saved = co_await save(of, std::move(proof.tokens), proof.received_at, until);
    if (!saved) co_return saved.error();
    if (*saved) co_return result<void>{};
    // The same import was completed since this one has looked.
    const auto kept = co_await vault_.find_import(of.hash, wall_now(), until);
    if (!kept) co_return kept.error();
    if (!*kept) co_return dead();
    const auto there = co_await is_still_there(of, (*kept)->user, until);
    if (!there) co_return there.error();
    if (!*there) co_return dead();
    co_return result<void>{};
}

/// `false`: another import of these tokens was faster, or tokens as they were given do not suffice.
task<result<bool>> importer::save(const attempt& of, vault::fresh_tokens tokens, wall_time now,
                                  deadline until) {
    using kind = vault::saved_grant::kind;
    store::grant_permit permit;
    permit.import_hash = of.hash;
    permit.import_has_pair = tokens.proof == store::account_proof::pair;
    permit.was_connected = of.was_connected;
    const auto saved = co_await vault_.save_grant(of.user, std::move(tokens), vault::account_change::allowed,
                                                  std::move(permit), now, until);
    if (!saved) co_return saved.error();
    if (saved->what == kind::account_full) co_return account_full();
    if (saved->what == kind::permit_gone) {
        // If this fails, the pair waits for its day.
        static_cast<void>(co_await vault_.give_up_import(of.hash, wall_now(), until));
        co_return disconnected_meanwhile();
    }
    co_return saved->what == kind::stored;
}

/// The same import again, perhaps because its answer was lost: the user has the pair, or a newer one, which
/// an older one must not replace. `false`: that connection has ended, and TikTok is asked again.
task<result<bool>> importer::is_still_there(const attempt& of, user_id imported_for, deadline until) {
    if (imported_for != of.user) co_return imported_for_another();
    const auto there = co_await vault_.load_again(of.user, until);
    if (!there && there.error().code() == errc::user_not_connected) co_return false;
    if (!there) co_return there.error();
    if ((*there)->is_over()) co_return false;
    if ((*there)->account != of.given.account)
        co_return refused("refresh_token",
                          "was imported before, and the user has connected another account since");
    co_return true;
}

} // namespace gateway::connections
