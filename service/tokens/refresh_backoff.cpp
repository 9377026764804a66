#include "tokens/refresh_backoff.hpp"

#include "base/backoff.hpp"
#include "tokens/refresh_policy.hpp"

#include <algorithm>

namespace gateway::tokens {
namespace {

constexpr milliseconds endpoint_base{500};
constexpr milliseconds endpoint_max{60'000};
constexpr milliseconds user_base{5'000};
constexpr milliseconds user_max{300'000};
constexpr milliseconds retry_after_most{300'000};
constexpr milliseconds probe_pause{500}; // for users that wait for the end of a probe
constexpr std::size_t users_max = 100'000;

milliseconds left_until(steady_time at, steady_time now) {
    return deadline{at}.left(now);
}

} // namespace

std::optional<refresh_backoff::backoff> refresh_backoff::blocked_by(const user_id& user,
                                                                    std::uint64_t version, bool needed,
                                                                    steady_time now) const {
    const auto found = users_.find(user);
    const bool held = found != users_.end() && found->second.version == version
                      && now < found->second.not_before && !(needed && found->second.only_postponed);
    if (held) return backoff{left_until(found->second.not_before, now), found->second.why};
    if (now < endpoint_not_before_) return backoff{left_until(endpoint_not_before_, now), endpoint_why_};
    if (endpoint_failures_ > 0 && probe_ && *probe_ != user) return backoff{probe_pause, endpoint_why_};
    return std::nullopt;
}

void refresh_backoff::endpoint_failed(failure why, std::optional<milliseconds> retry_after, steady_time now,
                                      double jitter) {
    auto wait = jittered_backoff(endpoint_base, ++endpoint_failures_, endpoint_max, jitter);
    if (retry_after) wait = std::max(wait, std::min(*retry_after, retry_after_most));
    endpoint_not_before_ = std::max(endpoint_not_before_, now + wait);
    endpoint_why_ = std::move(why);
}

void refresh_backoff::forget_endpoint_failures() {
    endpoint_failures_ = 0;
    endpoint_not_before_ = {};
    probe_.reset();
}

void refresh_backoff::rotation_possible(const user_id& user, std::uint64_t version, steady_time now) {
    note_of(user, now).rotated_version = version;
}

bool refresh_backoff::may_have_rotated(const user_id& user, std::uint64_t version) const {
    const auto found = users_.find(user);
    return found != users_.end() && found->second.rotated_version == version;
}

void refresh_backoff::user_failed(const user_id& user, std::uint64_t version, failure why, steady_time now,
                                  double jitter) {
    auto& of = entry_of(user, version, now);
    // Half of the wait is fixed, so that a user in doubt is never tried again at once.
    const auto wait = jittered_backoff(user_base, ++of.failures, user_max, 0.5 + jitter / 2);
    of.not_before = now + wait;
    of.only_postponed = false;
    of.why = std::move(why);
}

void refresh_backoff::postpone(const user_id& user, std::uint64_t version, failure why, milliseconds wait,
                               steady_time now) {
    auto& of = entry_of(user, version, now);
    of.not_before = now + wait;
    of.only_postponed = true;
    of.why = std::move(why);
}

void refresh_backoff::succeeded(const user_id& user) {
    endpoint_failures_ = 0;
    const auto found = users_.find(user);
    if (found == users_.end()) return;
    found->second.failures = 0;
    found->second.not_before = {};
}

void refresh_backoff::started(const user_id& user) {
    if (endpoint_failures_ > 0 && !probe_) probe_ = user;
}

void refresh_backoff::ended(const user_id& user) {
    if (probe_ && *probe_ == user) probe_.reset();
}

milliseconds refresh_backoff::next_turn_in(steady_time now) const {
    return left_until(next_turn_, now);
}

milliseconds refresh_backoff::reserve_turn(steady_time now) {
    return take(next_turn_, now);
}

milliseconds refresh_backoff::reserve_send_slot(steady_time now) {
    return take(next_send_slot_, now);
}

milliseconds refresh_backoff::take(steady_time& next, steady_time now) const {
    const auto turn = std::max(now, next);
    next =
        turn
        + std::chrono::duration_cast<steady_time::duration>(std::chrono::duration<double>(1 / per_second_));
    return left_until(turn, now);
}

refresh_backoff::note& refresh_backoff::note_of(const user_id& user, steady_time now) {
    if (users_.size() >= users_max && !users_.contains(user))
        std::erase_if(users_, [now](const auto& entry) { return entry.second.not_before <= now; });
    return users_[user];
}

refresh_backoff::note& refresh_backoff::entry_of(const user_id& user, std::uint64_t version,
                                                 steady_time now) {
    auto& of = note_of(user, now);
    if (of.version != version) of.failures = 0;
    of.version = version;
    return of;
}

} // namespace gateway::tokens
