#include "tokens/token_service.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"
#include "store/connection_causes.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/token_service_state.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway::tokens {
namespace {

constexpr milliseconds soon_again{1'000};
constexpr milliseconds look_every{250};
constexpr milliseconds refresh_takes{1'000}; // with its writes, usually less

failure draining() {
    return failure{errc::draining, "This replica is shutting down; ask another one."};
}

failure too_late() {
    return failure{errc::deadline_exceeded,
                   "The deadline passed while the user's token was being refreshed."};
}

/// TikTok refuses a pair that it gave a short time ago.
failure not_taken_yet(milliseconds wait) {
    return failure(errc::tiktok_error, "TikTok does not accept this user's token at the moment.")
        .retry_after(wait);
}

/// A failure that requires a new login gets no retry time.
failure held_back(const refresh_backoff::backoff& by) {
    if (by.why.code() == errc::reconnect_required) return by.why;
    return failure(by.why).retry_after(by.left);
}

/// From memory; but a connection that needs a new login is read from the store, because the user may have
/// connected at another replica.
task<result<vault::shared_tokens>> load(token_service::state& s, user_id user, deadline until) {
    auto known = co_await s.vault.load(user, until);
    if (!known || !(*known)->is_over()) co_return known;
    co_return co_await s.vault.load_again(std::move(user), until);
}

/// For callers whose deadline is too near: another one may succeed after that.
refresh_outcome blocked(milliseconds wait) {
    auto why =
        failure(errc::vault_unavailable, "Another replica stopped while it was refreshing this user's token.")
            .retry_after(wait);
    return {refresh_result::try_later, nullptr, std::move(why), false};
}

/// The end of a refresh, or why it cannot end in time. Nothing: it has not.
task<std::optional<refresh_outcome>> wait_for(shared_flight one, deadline until) {
    while (true) {
        const auto now = steady_now();
        const auto free_at = one->free_at.load(std::memory_order_relaxed);
        if (free_at > now && until.passed(free_at + refresh_takes))
            co_return blocked(deadline{free_at}.left(now) + look_every);
        auto end = co_await one->ended.wait(until.no_later_than(now + look_every));
        if (end || until.passed(steady_now())) co_return end;
    }
}

/// `known` is the same pair in its current state in memory.
refused_pair facts_of(const vault::token_set& refused, const vault::token_set& known, unsigned kind) {
    refused_pair out;
    out.taken_there = refused.accepted.by(kind) || known.accepted.by(kind);
    out.taken = refused.accepted.by_any() || known.accepted.by_any();
    out.age = known.age_since_refresh(wall_now());
    out.forced_in_a_row = known.forced_in_a_row;
    return out;
}

} // namespace

static_assert(token_service_settings{}.lease_length == store::lease_length);

namespace {

constexpr double turns_wait_s = 8; // the deadline of a read is 10 s
constexpr std::uint64_t turns_min = 8;

std::uint64_t turns_of(const token_service_settings& how) {
    return std::max(turns_min, static_cast<std::uint64_t>(how.refresh_per_second * turns_wait_s));
}

} // namespace

std::string_view name_of(refresh_result result) {
    constexpr std::string_view names[] = {"refreshed",  "scope_reduced", "invalid_grant", "app_refused",
                                          "refused",    "lost",          "try_later",     "wrong_account",
                                          "superseded", "store_failed"};
    return names[static_cast<std::size_t>(result)];
}

failure reconnect_failure(std::string_view cause) {
    std::string message = "This user has to connect again";
    if (!cause.empty()) message += " (" + std::string(cause) + ")";
    message += ": POST /v1/users/{user_id}/connect begins a login.";
    return failure{errc::reconnect_required, std::move(message)};
}

failure of_unknown_app() {
    return failure{errc::tiktok_error,
                   "TikTok refuses this user's tokens, which may have been made for another TikTok app."};
}

token_service::state::state(worker& at, tiktok::oauth& with, vault::token_vault& from,
                            store::refreshes& durable, token_service_settings how, telemetry::sink* counts_)
    : home(at),
      ask(with),
      vault(from),
      refreshes(durable),
      settings(how),
      counts(counts_),
      backoff(how.refresh_per_second),
      turns(turns_of(how), callers_or_one(how.callers)),
      group(at.executor()) {}

shared_flight token_service::state::attach(const user_id& user, std::uint64_t version, std::uint32_t forced,
                                           flight_reason why, sharer by) {
    const memory_reserve::scope no_failure; // whoever asks for this user waits for the flight that is noted
    auto one = std::make_shared<flight>();
    {
        const std::lock_guard guard(lock);
        if (const auto found = flights.find(user); found != flights.end()) return found->second;
        if (draining) return nullptr;
        one->user = user;
        one->version = version;
        one->forced = forced;
        one->why = why;
        one->by = by;
        flights.emplace(user, one);
        backoff.started(user);
    }
    // A separate task on the home worker, because the caller may be cancelled.
    boost::asio::post(home.executor(),
                      [self = shared_from_this(), one] { self->group.spawn(run_refresh(self, one)); });
    return one;
}

std::optional<refresh_backoff::backoff> token_service::state::blocked_by(const user_id& user,
                                                                         std::uint64_t version,
                                                                         bool needed) const {
    const std::lock_guard guard(lock);
    return backoff.blocked_by(user, version, needed, steady_now());
}

task<result<vault::shared_tokens>> token_service::state::give_up(user_id user, std::uint64_t version,
                                                                 std::string_view cause, deadline until) {
    const std::string word(cause);
    const auto noted = co_await vault.set_state(
        std::move(user), version, store::connection_state::reconnect_required, word, wall_now(), until);
    if (!noted) co_return noted.error();
    if (!*noted) co_return not_taken_yet(soon_again); // a newer pair was stored meanwhile
    co_return reconnect_failure(word);
}

void token_service::state::complete(const shared_flight& one, const refresh_outcome& end) {
    const std::lock_guard guard(lock);
    flights.erase(one->user);
    backoff.ended(one->user);
    const bool renewed = end.how == refresh_result::refreshed || end.how == refresh_result::scope_reduced;
    if (!renewed || !end.asked) return;
    backoff.succeeded(one->user);
}

token_service::token_service(worker& home, tiktok::oauth& ask, vault::token_vault& vault,
                             store::refreshes& refreshes, token_service_settings settings,
                             telemetry::sink* counts)
    : state_(std::make_shared<state>(home, ask, vault, refreshes, settings, counts)) {}

token_service::~token_service() = default;

void token_service::prefetch(const user_id& user) const {
    state_->vault.prefetch(user);
}

vault::shared_tokens token_service::ready(const user_id& user, wall_time now) const {
    auto known = state_->vault.cached(user);
    if (!known || decide(*known, now, state_->settings.refresh_ahead, false) != token_step::use)
        return nullptr;
    return known;
}

task<result<vault::shared_tokens>> token_service::access(user_id user, deadline until, sharer by) {
    const auto s = state_;
    auto known = co_await load(*s, user, until);
    constexpr int looks_max = 3; // a refreshed token with a lifetime of seconds may expire again
    for (int looks = 0; known && looks < looks_max; ++looks) {
        const auto& set = **known;
        const auto now = wall_now();
        const auto blocked = s->blocked_by(user, set.version, !is_good(set, now));
        switch (decide(set, now, s->settings.refresh_ahead, blocked.has_value())) {
            case token_step::use:
                co_return known;
            case token_step::use_and_refresh:
                s->attach(user, set.version, 0, flight_reason::needed, by);
                co_return known;
            case token_step::wait:
                co_return held_back(*blocked);
            case token_step::reconnect: {
                if (set.is_over()) co_return reconnect_failure(set.cause);
                co_return co_await s->give_up(user, set.version, store::cause::refresh_token_expired, until);
            }
            case token_step::refresh:
                break;
        }
        const auto one = s->attach(user, set.version, 0, flight_reason::needed, by);
        if (!one) co_return draining();
        auto end = co_await wait_for(one, until);
        if (!end) co_return too_late();
        if (end->failed) co_return *end->failed;
        known = end->tokens;
    }
    co_return known;
}

task<result<vault::shared_tokens>> token_service::refresh_after_401(user_id user,
                                                                    vault::shared_tokens refused,
                                                                    unsigned kind, deadline until,
                                                                    sharer by) {
    const auto s = state_;
    auto known = co_await load(*s, user, until);
    if (!known) co_return known.error();
    if ((*known)->version != refused->version) co_return co_await access(std::move(user), until, by);
    if ((*known)->is_over() || (*known)->refresh_token.empty()) co_return reconnect_failure((*known)->cause);
    const auto pair = facts_of(*refused, **known, kind);
    const refusal_times times{s->settings.propagation_grace, s->settings.young_token_age,
                              s->settings.certain};
    const auto next = classify_refusal(pair, times);
    if (next.what == refusal_step::send_again) {
        const auto pause = deadline::in(steady_now(), next.wait);
        if (until.passed(pause.at())) co_return not_taken_yet(next.wait);
        co_await pause_until(pause);
        co_return known;
    }
    if (next.what != refusal_step::refresh) {
        auto there =
            co_await s->vault.load_again(user, until); // for another replica's refresh or a new grant
        if (!there) co_return there.error();
        if ((*there)->version != refused->version) co_return co_await access(std::move(user), until, by);
        if ((*there)->is_over()) co_return reconnect_failure((*there)->cause);
        if (next.what == refusal_step::try_later) co_return not_taken_yet(next.wait);
        const auto judged = co_await s->vault.is_judged(refused, until);
        if (!judged) co_return judged.error();
        if (!*judged) co_return of_unknown_app();
        co_return co_await s->give_up(std::move(user), refused->version, store::cause::access_token_refused,
                                      until);
    }
    if (const auto blocked = s->blocked_by(user, refused->version, true)) co_return held_back(*blocked);
    const auto one = s->attach(user, refused->version, forced_after(pair), flight_reason::needed, by);
    if (!one) co_return draining();
    auto end = co_await wait_for(one, until);
    if (!end) co_return too_late();
    if (end->failed) co_return *end->failed;
    if (!end->tokens || end->tokens->version == refused->version) co_return not_taken_yet(soon_again);
    co_return co_await access(std::move(user), until, by);
}

task<result<renewal>> token_service::renew(user_id user, std::uint64_t version, deadline until) {
    using enum renewal;
    const auto s = state_;
    if (s->blocked_by(user, version, false)) co_return not_known;
    const auto one = s->attach(user, version, 0, flight_reason::needed, sharer::gateway);
    if (!one) co_return draining();
    const auto end = co_await wait_for(one, until);
    if (!end) co_return too_late();
    if (!end->failed && end->tokens && end->tokens->version > version) co_return renewed;
    co_return end->refused ? refused : not_known;
}

void token_service::retry_soon() {
    const std::lock_guard guard(state_->lock);
    state_->backoff.forget_endpoint_failures();
}

task<result<vault::shared_tokens>> token_service::read_again(user_id user, deadline until) {
    const auto s = state_;
    co_return co_await s->vault.load_again(std::move(user), until);
}

task<result<vault::shared_tokens>> token_service::connection(user_id user, deadline until) {
    const auto s = state_;
    co_return co_await load(*s, std::move(user), until);
}

task<result<std::size_t>> token_service::resume_open_refreshes(deadline until) {
    const auto s = state_;
    auto open = co_await s->refreshes.unfinished(s->vault.app(), until);
    if (!open) co_return open.error();
    for (const auto& intent : *open)
        s->attach(intent.user, intent.version, 0, flight_reason::resumed, sharer::gateway);
    co_return open->size();
}

std::size_t token_service::store_spooled() {
    auto* const spool = state_->vault.spool();
    if (spool == nullptr) return 0;
    auto users = spool->users();
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (const auto& user : users)
        state_->attach(user, 0, 0, flight_reason::spooled, sharer::gateway);
    return users.size();
}

const std::string& token_service::app() const {
    return state_->vault.app();
}

task<void> token_service::drain(deadline until) {
    const auto s = state_;
    {
        const std::lock_guard guard(s->lock);
        s->draining = true;
    }
    co_await s->group.wait_empty(until);
}

} // namespace gateway::tokens
