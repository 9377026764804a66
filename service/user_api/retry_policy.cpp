#include "user_api/retry_policy.hpp"

#include "base/backoff.hpp"
#include "tiktok/error_table.hpp"

#include <algorithm>

namespace gateway::user_api {
namespace {

constexpr milliseconds trouble_bound{200};
constexpr milliseconds rate_bound{1'000};
constexpr milliseconds bound_max{4'000};

bool was_token_refused(const failure& f) {
    return f.details() && f.details()->tiktok && tiktok::is_token_refusal(*f.details()->tiktok);
}

bool may_have_had_its_effect(const failure& f) {
    return f.details() && f.details()->may_have_reached_tiktok;
}

/// Whether another try may succeed. An unknown code with a 4xx would be refused again.
bool is_trouble(const failure& f) {
    if (f.code() == errc::tiktok_unreachable) return true;
    if (f.code() != errc::tiktok_error) return false;
    const auto* details = f.details();
    return !details || !details->tiktok || details->tiktok->status >= 500;
}

bool is_rate_limit(const failure& f) {
    return f.code() == errc::rate_limited && f.details()->scope == limit_scope::tiktok_user;
}

} // namespace

bool repeats_at_once(tiktok::repeat_class repeats, const tries& so_far, milliseconds left) {
    return repeats == tiktok::repeat_class::safe && so_far.stale < stale_max && left > milliseconds{0};
}

retry_decision decide_retry(const failure& f, tiktok::repeat_class repeats, const tries& so_far,
                            std::optional<milliseconds> named_wait, steady_time now, milliseconds left,
                            bool waits_for_slots, double jitter, retry_budget& budget) {
    // Never repeated, whatever the answer: it could post twice.
    if (repeats == tiktok::repeat_class::unsafe && may_have_had_its_effect(f)) return {};
    // A token is refused before any effect, for every class.
    if (was_token_refused(f))
        return {so_far.token_refusals < token_refusals_max ? retry_step::refresh : retry_step::give_up};

    const bool rate_limited = is_rate_limit(f);
    const bool may_repeat = repeats == tiktok::repeat_class::safe ? rate_limited || is_trouble(f)
                                                                  : rate_limited && waits_for_slots;
    if (!may_repeat || so_far.repeats >= repeats_max) return {};

    milliseconds wait =
        jittered_backoff(rate_limited ? rate_bound : trouble_bound, so_far.repeats, bound_max, jitter);
    if (rate_limited && waits_for_slots) wait = tiktok::rate_limit_wait;
    if (named_wait) wait = std::max(wait, *named_wait);
    if (wait >= left || !budget.spend(now)) return {};
    return {retry_step::again, wait};
}

failure with_words_of(const failure& refusal, const failure& why) {
    const auto words = [](const failure& f) { return f.details() ? f.details()->tiktok : std::nullopt; };
    const auto of_refusal = words(refusal);
    if (why.code() != errc::tiktok_error || words(why) || !of_refusal) return why;
    return failure(why).tiktok(*of_refusal);
}

} // namespace gateway::user_api
