// One refresh from its decision to its end. The order makes it crash-safe (docs/promises.md §4): lease,
// intent durable, request, new pair durable, used.
#include "base/backoff.hpp"
#include "base/failpoint.hpp"
#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/sink.hpp"
#include "tiktok/oauth_messages.hpp"
#include "tokens/received_pair.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/token_service_state.hpp"

#include <algorithm>
#include <new>
#include <variant>

namespace gateway::tokens {
namespace {

constexpr milliseconds one_try{15'000};
constexpr milliseconds retry_pause{200};
constexpr milliseconds turn_wait_max{2'000};
constexpr int settle_tries_max = 3;
constexpr milliseconds app_refused_wait{60'000};
constexpr milliseconds ending_time{
    5'000}; // also for a process that was paused until the refresh's time was over

using store::account_proof;
using store::connection_state;

/// A refresh that holds its lease.
struct refresh_attempt {
    token_service::state& s;
    const flight& one;
    store::lease held;
    vault::shared_tokens from;
    bool lost_before = false; // an earlier answer for the same pair was lost
    deadline until;
    wall_time asked_at; // last
};

failure store_trouble() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

refresh_outcome newest(vault::shared_tokens tokens, bool asked = false) {
    return {refresh_result::superseded, std::move(tokens), std::nullopt, asked};
}

refresh_outcome broken(failure why) {
    return {refresh_result::store_failed, nullptr, std::move(why), false};
}

refresh_outcome failed(refresh_result how, vault::shared_tokens tokens, failure why) {
    return {how, std::move(tokens), std::move(why), true};
}

refresh_outcome refused(refresh_result how, vault::shared_tokens tokens, failure why) {
    auto end = failed(how, std::move(tokens), std::move(why));
    end.refused = true;
    return end;
}

deadline time_to_end() {
    return deadline::in(steady_now(), ending_time);
}

/// Another refresh was faster: its result is used.
task<refresh_outcome> look_again(refresh_attempt& a) {
    auto there = co_await a.s.vault.load_again(a.one.user, time_to_end());
    if (!there) co_return broken(there.error());
    co_return newest(std::move(*there), true);
}

task<void> note_state(refresh_attempt& a, connection_state now_is, std::string cause) {
    // Best effort: if this cannot be written either, the intent stays open and is found at the next start.
    const auto noted = co_await a.s.vault.set_state(a.one.user, a.from->version, now_is, std::move(cause),
                                                    wall_now(), time_to_end());
    if (noted) co_await a.s.refreshes.close(a.held, time_to_end());
}

bool lacks_a_scope(const vault::token_set& now, const vault::token_set& before) {
    return std::any_of(before.scopes().begin(), before.scopes().end(),
                       [&now](const std::string& scope) { return !now.has_scope(scope); });
}

/// A refresh because of the clock does not reset the count of a pair that was refused.
std::uint32_t forced_in_a_row(const refresh_attempt& a) {
    if (a.one.forced > 0) return a.one.forced;
    return a.from->accepted.by_any() ? 0 : a.from->forced_in_a_row;
}

/// An exception is like a store that does not answer: the pair may be the only valid one, so it is tried
/// again.
task<result<vault::saved_refresh>> try_to_save(refresh_attempt& a, const tiktok::token_answer& answer,
                                               std::uint32_t forced) {
    try {
        vault::fresh_tokens fresh{answer.access_token.copy(),
                                  answer.refresh_token.copy(),
                                  a.from->account,
                                  answer.scopes,
                                  answer.access_lifetime,
                                  answer.refresh_lifetime,
                                  forced,
                                  answer.account.empty() ? account_proof::none : account_proof::pair};
        co_return co_await a.s.vault.save_refreshed(a.held, a.from, std::move(fresh), wall_now(),
                                                    deadline::in(steady_now(), one_try));
    } catch (const std::bad_alloc&) { // below
    }
    co_return store_trouble();
}

/// TikTok has ended the refresh token that was sent, and nobody else has the pair that it gave for it.
task<void> keep_for_its_owner(refresh_attempt& a, const tiktok::token_answer& answer) {
    const auto& sent = a.from->refresh_token;
    const auto pair = tokens_of(answer, sent, {}, a.from->refresh_expires_at - wall_now());
    const auto retry_for = [&s = a.s] { return time_to_keep(s.draining); };
    // If this fails, nobody gets the pair, and TikTok ends it in time.
    static_cast<void>(co_await keep_for_import(a.s.vault, sent, pair, retry_for));
}

task<refresh_outcome> store_answer(refresh_attempt& a, const tiktok::token_answer& answer) {
    // An answer without an account is for the account of the refresh token that was sent.
    if (!answer.account.empty() && answer.account != a.from->account) {
        co_await keep_for_its_owner(a, answer);
        const std::string cause = "answer_for_another_account";
        co_await note_state(a, connection_state::reconnect_required, cause);
        co_return refused(refresh_result::wrong_account, a.from, reconnect_failure(cause));
    }
    // A reduced scope is stored as granted (the old pair is no longer valid), counted separately and logged;
    // calls that need the missing scopes are refused (T10).
    const auto received = steady_now();
    const auto forced = forced_in_a_row(a);
    while (true) {
        auto saved = co_await try_to_save(a, answer, forced);
        if (saved && saved->tokens) {
            failpoint("refresh.stored"); // R8
            // A failure does not matter: the next such refresh notes it.
            static_cast<void>(co_await a.s.vault.note_taken(a.from, time_to_end()));
            const auto how = lacks_a_scope(*saved->tokens, *a.from) ? refresh_result::scope_reduced
                                                                    : refresh_result::refreshed;
            refresh_outcome end{how, std::move(saved->tokens), std::nullopt, true};
            co_return end;
        }
        if (saved && !saved->held_by_another) co_return co_await look_again(a);
        if (steady_now() + retry_pause >= received + time_to_keep(a.s.draining)) break;
        co_await pause_surely(deadline::in(steady_now(), retry_pause));
    }
    co_return failed(refresh_result::store_failed, a.from, store_trouble());
}

/// A try that gave no new pair and may be repeated later.
struct trouble {
    refresh_result how;
    failure why;
    bool answer_lost = false; // to this request or to an earlier one for the same pair: stored with the pair
    bool delays_user = false, delays_everybody = false;
    std::optional<milliseconds> retry_after; // of everybody
    bool refused = false;                    // TikTok gives no tokens for this pair
};

/// Ends such a try. Its failure gets the time until the next one.
task<refresh_outcome> retry_later(refresh_attempt& a, trouble what) {
    if (what.answer_lost)
        co_await note_state(a, connection_state::refresh_in_doubt, std::string(response_lost));
    else
        co_await a.s.refreshes.close(a.held, a.until);
    const std::lock_guard guard(a.s.lock);
    const auto now = steady_now();
    const auto jitter = random_unit();
    if (what.delays_user) a.s.backoff.user_failed(a.one.user, a.from->version, what.why, now, jitter);
    if (what.delays_everybody)
        a.s.backoff.endpoint_failed(what.why, what.retry_after, now, jitter);
    else if (what.why.code() != errc::overloaded) // which says nothing about the endpoint
        a.s.backoff.endpoint_answered();
    const auto blocked = a.s.backoff.blocked_by(a.one.user, a.from->version, true, now);
    if (blocked) what.why = failure(what.why).retry_after(blocked->left);
    auto end = failed(what.how, a.from, std::move(what.why));
    end.refused = what.refused;
    co_return end;
}

/// invalid_grant: reads the store again first, because it may have a newer pair (T14).
task<refresh_outcome> handle_invalid_grant(refresh_attempt& a) {
    auto there = co_await a.s.vault.load_again(a.one.user, time_to_end());
    if (there && (*there)->version != a.from->version) co_return newest(std::move(*there));
    bool lost = a.lost_before;
    {
        const std::lock_guard guard(a.s.lock);
        lost = lost || a.s.backoff.may_have_rotated(a.one.user, a.from->version);
    }
    // The age at the time of the request, because a paused process may read the answer much later.
    if (a.from->renewed_within(a.s.settings.young_token_age, a.asked_at)) {
        trouble what{refresh_result::try_later,
                     {errc::tiktok_error, "TikTok does not know this user's new token yet."},
                     lost,
                     true};
        co_return co_await retry_later(a, std::move(what));
    }
    const auto judged = co_await a.s.vault.is_judged(a.from, time_to_end());
    if (!judged || !*judged) {
        trouble what{refresh_result::try_later, of_unknown_app(), lost, true};
        what.refused = true;
        co_return co_await retry_later(a, std::move(what));
    }
    std::string cause = lost ? std::string(response_lost) : "refresh_token_invalid";
    co_await note_state(a, connection_state::reconnect_required, cause);
    {
        const std::lock_guard guard(a.s.lock);
        a.s.backoff.endpoint_answered();
    }
    co_return refused(lost ? refresh_result::lost : refresh_result::invalid_grant, a.from,
                      reconnect_failure(cause));
}

/// An error about one grant must not stop the refreshes of all others; only an error about the endpoint
/// affects all users, or one about the app (handle_app_refused).
bool is_about_everybody(const failure& why) {
    if (why.code() == errc::overloaded) return false; // the caller of this refresh has its share
    if (why.details() == nullptr || !why.details()->tiktok) return true; // no answer
    const auto& words = *why.details()->tiktok;
    return words.status >= 500 || words.status == 429 || words.code == "server_error"
           || words.code == "temporarily_unavailable";
}

task<refresh_outcome> handle_failure(refresh_attempt& a, refresh_result how, failure why,
                                     std::optional<milliseconds> retry_after) {
    // A request that fails with a 5xx may have rotated the pair. The grant is not marked as in doubt, since
    // an outage would mark all users; but if the pair turns out to be invalid, this is noted as the cause.
    const bool has_words = why.details() && why.details()->tiktok;
    if (has_words && why.details()->tiktok->status >= 500) {
        const std::lock_guard guard(a.s.lock);
        a.s.backoff.rotation_possible(a.one.user, a.from->version, steady_now());
    }
    const bool everybody = is_about_everybody(why);
    trouble what{how, std::move(why), a.lost_before, !everybody, everybody, retry_after};
    what.refused = how == refresh_result::refused;
    co_return co_await retry_later(a, std::move(what));
}

/// Says nothing about this grant: all refreshes wait, and the app's operator has to act (T24).
task<refresh_outcome> handle_app_refused(refresh_attempt& a, tiktok_error_text words) {
    auto why = tiktok::failure_of(tiktok::app_refused{std::move(words)});
    trouble what{refresh_result::app_refused, std::move(why), a.lost_before, false, true, app_refused_wait};
    co_return co_await retry_later(a, std::move(what));
}

task<refresh_outcome> settle(refresh_attempt& a, tiktok::token_outcome& outcome) {
    if (const auto* answer = std::get_if<tiktok::token_answer>(&outcome))
        co_return co_await store_answer(a, *answer);
    if (std::holds_alternative<tiktok::grant_invalid>(outcome)) co_return co_await handle_invalid_grant(a);
    if (auto* lost = std::get_if<tiktok::answer_lost>(&outcome)) {
        // Only TikTok's answer to a later try decides whether the user has to connect again.
        trouble what{refresh_result::lost,
                     {errc::tiktok_unreachable,
                      "The answer of TikTok's token endpoint was lost: " + std::move(lost->why)},
                     true,
                     true,
                     true};
        co_return co_await retry_later(a, std::move(what));
    }
    if (auto* later = std::get_if<tiktok::try_later>(&outcome))
        co_return co_await handle_failure(a, refresh_result::try_later, std::move(later->why),
                                          later->retry_after);
    if (auto* refused = std::get_if<tiktok::app_refused>(&outcome))
        co_return co_await handle_app_refused(a, std::move(refused->words));
    auto& words = std::get<tiktok::grant_refused>(outcome).words;
    auto sentence = "TikTok refuses the token request: " + words.code + ".";
    auto why = failure{errc::tiktok_error, std::move(sentence)}.tiktok(std::move(words));
    co_return co_await handle_failure(a, refresh_result::refused, std::move(why), std::nullopt);
}

/// A short wait, because the turns came at the same pace. A second try does not queue again.
task<void> wait_for_send_slot(refresh_attempt& a) {
    milliseconds wait{0};
    {
        const std::lock_guard guard(a.s.lock);
        wait = a.s.backoff.reserve_send_slot(steady_now());
    }
    if (wait.count() > 0) co_await pause_until(deadline::in(steady_now(), wait));
}

/// True if the request can end within the lease: a process that was paused, or waited long for the store,
/// must not send a token that another one replaces meanwhile (T13).
bool may_ask(const refresh_attempt& a) {
    return a.until.left(steady_now()) >= a.s.settings.request_timeout;
}

task<tiktok::token_outcome> request(refresh_attempt& a) {
    const auto until = deadline::in(steady_now(), a.s.settings.request_timeout);
    a.asked_at = wall_now();
    try {
        co_return co_await a.s.ask.refresh(a.from->refresh_token.copy(), until, a.one.by);
    } catch (const std::bad_alloc&) { // the answer may have been there, and with it a new pair
    }
    co_return tiktok::answer_lost{"out of memory"};
}

task<refresh_outcome> with_lease(refresh_attempt& a) {
    auto there = co_await a.s.vault.load_again(a.one.user, a.until);
    if (!there) co_return broken(there.error());
    a.from = std::move(*there);
    const bool newer = a.from->version != a.one.version;
    if (newer || a.from->is_over() || a.from->refresh_token.empty()) {
        // Under another app the refresh is not over.
        const bool waits = a.from->of_another_app;
        if (a.one.resumed && !waits) co_await a.s.refreshes.close(a.held, a.until);
        auto end = newest(a.from);
        if (!newer) end.failed = reconnect_failure(a.from->cause);
        co_return end;
    }
    a.lost_before =
        a.one.resumed
        || (a.from->state == connection_state::refresh_in_doubt && a.from->cause == response_lost);
    const auto begun = co_await a.s.refreshes.begin(a.held, a.from->version, a.until);
    if (!begun) co_return broken(begun.error());
    if (*begun == store::refresh_begin::refused) co_return co_await look_again(a);
    if (*begun == store::refresh_begin::begun_again) a.lost_before = true;
    failpoint("refresh.intent_durable"); // R2
    co_await wait_for_send_slot(a);
    if (!may_ask(a)) { // nothing was sent, so this try leaves no new doubt
        if (!a.lost_before) co_await a.s.refreshes.close(a.held, time_to_end());
        co_return broken(store_trouble());
    }
    auto outcome = co_await request(a);
    failpoint("refresh.answered"); // R7, if the answer came
    if (std::holds_alternative<tiktok::answer_lost>(outcome) && may_ask(a)) {
        // Tries once more with the old token: an endpoint that did not rotate, or has a grace period, answers
        // now (T04).
        a.lost_before = true;
        outcome = co_await request(a);
    }
    for (int tries = 1;; ++tries) { // an exception must not lose the answer, which has the only valid pair
        try {
            co_return co_await settle(a, outcome);
        } catch (const std::bad_alloc&) {
            if (tries == settle_tries_max) throw;
        }
    }
}

/// The lease, or the end if another owner kept it until the deadline or a newer pair appeared meanwhile.
task<std::variant<store::lease, refresh_outcome>> lease_for(token_service::state& s, const flight& one,
                                                            deadline until) {
    while (true) {
        auto got = co_await s.refreshes.take_lease(one.user, s.settings.lease_length, until);
        if (!got) co_return broken(got.error());
        if (*got) co_return std::move(**got);
        auto there = co_await s.vault.load_again(one.user, until);
        if (!there) co_return broken(there.error());
        if ((*there)->version != one.version) co_return newest(std::move(*there));
        if (until.passed(steady_now() + retry_pause)) co_return broken(store_trouble());
        co_await pause_until(deadline::in(steady_now(), retry_pause));
    }
}

/// A place among the refreshes that wait for their turn. The gateway's own work has one in any case.
class turn_place {
public:
    explicit turn_place(token_service::state& s) : s_(s) {}
    ~turn_place() {
        const std::lock_guard guard(s_.lock);
        if (taken_) s_.turns.give_back(by_, 1);
    }
    turn_place(const turn_place&) = delete;
    turn_place& operator=(const turn_place&) = delete;
    /// Under the lock.
    bool take(sharer by) {
        by_ = by;
        taken_ = s_.turns.take(by, 1);
        return taken_ || by == sharer::gateway;
    }

private:
    token_service::state& s_;
    sharer by_ = sharer::gateway;
    bool taken_ = false;
};

/// Waits for this refresh's turn. Gives its end at once if it is not to run now: the queue is long and the
/// tokens are still valid, or too many refreshes wait.
task<std::optional<refresh_outcome>> take_turn(token_service::state& s, const flight& one) {
    milliseconds wait{0};
    turn_place place(s);
    {
        auto known = s.vault.cached(one.user);
        const bool can_wait = one.forced == 0 && !one.resumed && known && known->usable(wall_now())
                              && is_good(*known, wall_now());
        const std::lock_guard guard(s.lock);
        const auto now = steady_now();
        if (can_wait && s.backoff.next_turn_in(now) > turn_wait_max) {
            s.backoff.postpone(one.user, one.version, store_trouble(), s.backoff.next_turn_in(now), now);
            co_return newest(std::move(known));
        }
        if (!place.take(one.by)) {
            auto why = failure(errc::overloaded, "Too many tokens wait for their refresh; try again soon.")
                           .retry_after(s.backoff.next_turn_in(now));
            refresh_outcome end{refresh_result::try_later, nullptr, std::move(why), false};
            co_return end;
        }
        wait = s.backoff.reserve_turn(now);
    }
    if (wait.count() > 0) co_await pause_until(deadline::in(steady_now(), wait));
    co_return std::nullopt;
}

/// Tries again after an exception, of its own or of the store's: a lease that stays lets this user's
/// refreshes wait until it expires.
task<void> release(refresh_attempt& a) {
    const auto until = time_to_end();
    for (int tries = 0; tries < settle_tries_max; ++tries) {
        try {
            const auto released = co_await a.s.refreshes.release_lease(a.held, until);
            if (released) co_return;
        } catch (const std::bad_alloc&) { // once more
        }
    }
}

task<refresh_outcome> refresh(token_service::state& s, const flight& one) {
    auto ended = co_await take_turn(s, one);
    if (ended) co_return std::move(*ended);
    refresh_outcome end = broken(store_trouble());
    // A deadline of its own, independent of callers: enough for two requests and the store's writes.
    const auto until = deadline::in(steady_now(), s.settings.lease_length);
    auto held = co_await lease_for(s, one, until);
    if (auto* const other = std::get_if<refresh_outcome>(&held)) co_return std::move(*other);
    failpoint("refresh.leased"); // R1
    refresh_attempt a{s, one, std::get<store::lease>(std::move(held)), nullptr, false, until, {}};
    try {
        auto ended_by = co_await with_lease(a);
        end = std::move(ended_by);
    } catch (const std::bad_alloc&) { // the lease must not stay until it expires
    }
    co_await release(a);
    failpoint("refresh.released"); // R9
    co_return end;
}

/// Counts each; results that an operator may have to check are also logged, with TikTok's words.
void count(telemetry::sink& counts, const user_id& user, refresh_result result,
           const std::optional<failure>& why, milliseconds took) {
    using enum refresh_result;
    const auto name = name_of(result);
    counts.refresh_ended(name, took);
    if (result == refreshed || result == superseded) return;
    if (result == app_refused) return; // logged once for all, where the app's credentials are kept
    const auto* words = why && why->details() && why->details()->tiktok ? &*why->details()->tiktok : nullptr;
    const bool alarm = result == lost || result == wrong_account || result == store_failed;
    counts.log(alarm ? telemetry::level::error : telemetry::level::warn, "token_refresh",
               {{"result", name},
                {"user", user.text()},
                {"tiktok_code", words ? std::string_view(words->code) : std::string_view()},
                {"log_id", words ? std::string_view(words->log_id) : std::string_view()}});
}

/// Completes the refresh for its waiters, also if the coroutine is destroyed early.
class completion_guard {
public:
    completion_guard(token_service::state& s, shared_flight one) : s_(s), one_(std::move(one)) {}
    completion_guard(const completion_guard&) = delete;
    completion_guard& operator=(const completion_guard&) = delete;
    ~completion_guard() {
        const memory_reserve::scope no_failure; // it wakes all who wait
        if (!end_) end_ = broken(store_trouble());
        s_.complete(one_, *end_);
        one_->ended.set(std::move(*end_));
    }
    void set_end(refresh_outcome end) { end_ = std::move(end); }

private:
    token_service::state& s_;
    shared_flight one_;
    std::optional<refresh_outcome> end_; // empty at first: making this guard must not fail
};

} // namespace

task<void> run_refresh(std::shared_ptr<token_service::state> s, shared_flight one) {
    const auto began = steady_now();
    refresh_result how{};
    std::optional<failure> why;
    bool asked = false;
    {
        completion_guard at_the_end{*s, one};
        auto end = co_await refresh(*s, *one);
        how = end.how;
        why = end.failed;
        asked = end.asked || end.how == refresh_result::store_failed;
        at_the_end.set_end(std::move(end));
    }
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - began);
    if (asked && s->counts) count(*s->counts, one->user, how, why, took);
}

} // namespace gateway::tokens
