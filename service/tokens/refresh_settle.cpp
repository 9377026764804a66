// What TikTok's answer to a refresh means (refresh_steps.hpp): a new pair, the end of the grant, or trouble
// that passes.
#include "base/backoff.hpp"
#include "store/connection_causes.hpp"
#include "tiktok/oauth_messages.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/refresh_steps.hpp"

#include <utility>
#include <variant>

namespace gateway::tokens {
namespace {

constexpr milliseconds app_refused_wait{60'000};

using store::connection_state;

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
        co_await note_state(a, connection_state::refresh_in_doubt,
                            std::string(store::cause::rotation_response_lost));
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
task<refresh_outcome> handle_invalid_grant(refresh_attempt& a, tiktok_error_text words) {
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
                     failure{errc::tiktok_error, "TikTok does not know this user's new token yet."}.tiktok(
                         std::move(words)),
                     lost, true};
        co_return co_await retry_later(a, std::move(what));
    }
    const auto judged = co_await a.s.vault.is_judged(a.from, time_to_end());
    if (!judged || !*judged) {
        trouble what{refresh_result::try_later, of_unknown_app(), lost, true};
        what.refused = true;
        co_return co_await retry_later(a, std::move(what));
    }
    std::string cause(lost ? store::cause::rotation_response_lost : store::cause::refresh_token_invalid);
    co_await note_state(a, connection_state::reconnect_required, cause);
    {
        const std::lock_guard guard(a.s.lock);
        a.s.backoff.endpoint_answered();
    }
    co_return refused(lost ? refresh_result::lost : refresh_result::invalid_grant, a.from,
                      reconnect_failure(cause).tiktok(std::move(words)));
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

} // namespace

task<void> note_state(refresh_attempt& a, connection_state now_is, std::string cause) {
    // Best effort: if this cannot be written either, the intent stays open and is found at the next start.
    const auto noted = co_await a.s.vault.set_state(a.one.user, a.from->version, now_is, std::move(cause),
                                                    wall_now(), time_to_end());
    if (noted) co_await a.s.refreshes.close(a.held, time_to_end());
}

task<refresh_outcome> settle(refresh_attempt& a, tiktok::token_outcome& outcome) {
    if (const auto* answer = std::get_if<tiktok::token_answer>(&outcome))
        co_return co_await store_answer(a, *answer);
    if (auto* invalid = std::get_if<tiktok::grant_invalid>(&outcome))
        co_return co_await handle_invalid_grant(a, std::move(invalid->words));
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

} // namespace gateway::tokens
