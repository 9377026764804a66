// One refresh from its decision to its end. The order makes it crash-safe (docs/promises.md §4): lease,
// intent durable, request, new pair durable, used.
#include "base/failpoint.hpp"
#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"
#include "store/connection_causes.hpp"
#include "telemetry/sink.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/refresh_steps.hpp"

#include <algorithm>
#include <new>
#include <variant>

namespace gateway::tokens {
namespace {

using store::connection_state;

constexpr milliseconds retry_pause{200};
constexpr milliseconds turn_wait_max{2'000};
constexpr milliseconds look_within{2'000}; // at the spool's folder
constexpr int settle_tries_max = 3;
constexpr milliseconds ending_time{5'000};

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

/// Later another replica may have the lease: one that stands still while the database is started again seems
/// to be gone.
bool may_begin(const refresh_attempt& a) {
    return may_ask(a) && steady_now() < a.leased_at + store::gone_holder_keeps;
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

/// A pair that a replica has left behind may be on the disk: it has died with its refresh open.
task<std::optional<refresh_outcome>> look_for_spooled(refresh_attempt& a) {
    auto* const spool = a.s.vault.spool();
    if (spool != nullptr) co_await spool->look(deadline::in(steady_now(), look_within));
    co_return co_await store_spooled(a);
}

task<refresh_outcome> with_lease(refresh_attempt& a) {
    if (a.one.why == flight_reason::spooled) co_return co_await store_all_spooled(a);
    auto there = co_await a.s.vault.load_again(a.one.user, a.until);
    if (!there) co_return broken(there.error());
    a.from = std::move(*there);
    const bool newer = a.from->version != a.one.version;
    auto stored = co_await store_spooled(a);
    if (stored) co_return std::move(*stored);
    if (newer || a.from->is_over() || a.from->refresh_token.empty()) {
        // Under another app the refresh is not over.
        const bool waits = a.from->of_another_app;
        if (a.one.why == flight_reason::resumed && !waits) co_await a.s.refreshes.close(a.held, a.until);
        auto end = newest(a.from);
        if (!newer) end.failed = reconnect_failure(a.from->cause);
        co_return end;
    }
    a.lost_before = a.one.why == flight_reason::resumed
                    || (a.from->state == connection_state::refresh_in_doubt
                        && a.from->cause == store::cause::rotation_response_lost);
    const auto begun = co_await a.s.refreshes.begin(a.held, a.from->version, a.until);
    if (!begun) co_return broken(begun.error());
    if (*begun == store::refresh_begin::refused) co_return co_await look_again(a);
    if (*begun == store::refresh_begin::begun_again) {
        a.lost_before = true;
        stored = co_await look_for_spooled(a);
        if (stored) co_return std::move(*stored);
    }
    failpoint("refresh.intent_durable"); // R2
    co_await wait_for_send_slot(a);
    if (!may_begin(a)) { // nothing was sent, so this try leaves no new doubt
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

/// Callers are told the wait where the holder of the lease has died, or stands still.
task<milliseconds> note_holder(token_service::state& s, const flight& one, deadline until) {
    const auto holder = co_await s.refreshes.find_holder(one.user, until);
    const bool there = holder && *holder;
    const bool gone = there && (*holder)->is_gone;
    one.free_at.store(gone ? steady_now() + (*holder)->left : steady_time{}, std::memory_order_relaxed);
    co_return there ? (*holder)->left : retry_pause;
}

/// Another replica has the lease, and has not come to an end.
refresh_outcome held_by_another(milliseconds left) {
    auto why = failure(errc::vault_unavailable, "Another replica is refreshing this user's token.")
                   .retry_after(left);
    return {refresh_result::try_later, nullptr, std::move(why), false};
}

/// The lease, or the end if another owner kept it until the deadline or a newer pair appeared meanwhile.
/// `leased_at`: not later than when it was given.
task<std::variant<store::lease, refresh_outcome>> lease_for(token_service::state& s, const flight& one,
                                                            deadline until, steady_time& leased_at) {
    const bool spooled = one.why == flight_reason::spooled;
    const auto instead_of = s.vault.spool() ? s.vault.spool()->fence_of(one.user) : 0;
    while (true) {
        leased_at = steady_now();
        auto got = co_await s.refreshes.take_lease(one.user, s.settings.lease_length, until, instead_of);
        if (!got) co_return broken(got.error());
        if (*got) co_return std::move(**got);
        if (!spooled) {
            auto there = co_await s.vault.load_again(one.user, until);
            if (!there) co_return broken(there.error());
            if ((*there)->version != one.version) co_return newest(std::move(*there));
        }
        const auto left = co_await note_holder(s, one, until);
        if (until.passed(steady_now() + retry_pause)) co_return held_by_another(left);
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
        const bool can_wait = one.forced == 0 && one.why == flight_reason::needed && known
                              && known->usable(wall_now()) && is_good(*known, wall_now());
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
    if (one.why != flight_reason::spooled) {
        auto ended = co_await take_turn(s, one);
        if (ended) co_return std::move(*ended);
    }
    refresh_outcome end = broken(store_trouble());
    // A deadline of its own, independent of callers: enough for two requests and the store's writes.
    const auto until = deadline::in(steady_now(), s.settings.lease_length);
    steady_time leased_at;
    auto held = co_await lease_for(s, one, until, leased_at);
    if (auto* const other = std::get_if<refresh_outcome>(&held)) co_return std::move(*other);
    failpoint("refresh.leased"); // R1
    one.free_at.store(steady_time{}, std::memory_order_relaxed);
    refresh_attempt a{s, one, std::get<store::lease>(std::move(held)), nullptr, false, until, leased_at, {}};
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

failure store_trouble() {
    return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

refresh_outcome newest(vault::shared_tokens tokens, bool asked) {
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

task<refresh_outcome> look_again(refresh_attempt& a) {
    auto there = co_await a.s.vault.load_again(a.one.user, time_to_end());
    if (!there) co_return broken(there.error());
    co_return newest(std::move(*there), true);
}

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
        const bool tried = one->why != flight_reason::spooled; // else it is tried again every few seconds
        asked = end.asked || (tried && end.how == refresh_result::store_failed);
        at_the_end.set_end(std::move(end));
    }
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - began);
    if (asked && s->counts) count(*s->counts, one->user, how, why, took);
}

} // namespace gateway::tokens
