#include "connections/revoking.hpp"

#include "base/backoff.hpp"
#include "connections/deadlines.hpp"
#include "connections/uncut_work.hpp"
#include "runtime/waiter.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/token_service.hpp"

#include <algorithm>
#include <utility>

namespace gateway::connections {
namespace {

constexpr milliseconds request_timeout{5'000};  // of one try
constexpr milliseconds others_patience{30'000}; // for the tokens of others
constexpr milliseconds one_patience{25'000}; // for one of a round: a refresh may take 30 s more of its minute
constexpr std::uint32_t repeats_max = 3;
constexpr int rounds_max = 5; // each because somebody connected the account, or a token was refused
constexpr milliseconds first_pause{200};
constexpr milliseconds pause_max{2'000};

/// Revoking twice has the same effect as once, so it is also repeated after a lost answer. A refusal of the
/// app itself says nothing about the grant, and neither does the page of somebody in TikTok's place.
bool may_pass(const failure& why) {
    const auto* details = why.details();
    if (why.code() == errc::app_refused || details == nullptr || !details->tiktok) return true;
    const auto& words = *details->tiktok;
    return words.status == 429 || words.status >= 500 || words.code.empty() || words.code == "server_error"
           || words.code == "temporarily_unavailable";
}

/// Whether another request within the same call may help.
bool may_pass_soon(const failure& why) {
    if (why.code() == errc::tiktok_unreachable || why.code() == errc::deadline_exceeded) return true;
    const auto* details = why.details();
    return details && details->tiktok && (details->tiktok->status == 429 || details->tiktok->status >= 500);
}

/// One of no app waits for its app as long as it is of use.
bool may_be_tried_again(const vault::revocation& what) {
    return what.record.tries < vault::revocation_tries_max || what.record.app.empty();
}

} // namespace

/// Empty: a revoke may be sent. It would also end the grant of whoever has connected the account meanwhile.
task<std::optional<revoker::request_end>> revoker::why_not(const vault::revocation& what,
                                                           const std::vector<tried_holder>& tried) {
    const auto verdict = co_await vault_.judge_revocation(what, wall_now(), time_to_store());
    if (!verdict) co_return request_end::later;
    if (*verdict == store::revoke_verdict::allowed) co_return std::nullopt;
    if (*verdict != store::revoke_verdict::held_doubtfully) co_return request_end::not_wanted;
    if (may_be_tried_again(what)) co_return request_end::others_to_try;
    // At the last try, holders of whom TikTok refuses all tokens count as none.
    const auto others = co_await vault_.doubtful_holders(what, wall_now(), time_to_store());
    if (!others) co_return request_end::later;
    for (const auto& other : *others) {
        const auto found = find_tried(tried, other);
        if (found == tried.end() || !found->was_refused) co_return request_end::others_to_try;
    }
    co_return std::nullopt;
}

task<revoker::request_end> revoker::send_patiently(const vault::revocation& what,
                                                   const std::vector<tried_holder>& tried, deadline until) {
    using enum request_end;
    for (std::uint32_t repeats = 0;; ++repeats) {
        const auto not_now = co_await why_not(what, tried);
        if (not_now) co_return *not_now;
        const auto soon = until.no_later_than(steady_now() + request_timeout);
        const auto done = co_await ask_.revoke(what.access_token.copy(), soon, until.by());
        if (done) co_return revoked;
        const auto pause = jittered_backoff(first_pause, repeats, pause_max, random_unit());
        if (!may_pass(done.error())) co_return token_refused;
        if (!may_pass_soon(done.error()) || repeats == repeats_max || until.left(steady_now()) <= pause)
            co_return later;
        co_await pause_until(until.no_later_than(steady_now() + pause));
    }
}

std::vector<revoker::tried_holder>::const_iterator revoker::find_tried(const std::vector<tried_holder>& tried,
                                                                       const store::connection_summary& of) {
    return std::find_if(tried.begin(), tried.end(), [&of](const tried_holder& one) {
        return one.user == of.user && one.version == of.version;
    });
}

/// Tries the refresh tokens of those who hold the account only if TikTok takes them. What comes of it is
/// stored, and judged before the revoke. `false`: all of them have been tried before.
task<result<bool>> revoker::try_others(const vault::revocation& what, std::vector<tried_holder>& tried,
                                       deadline until) {
    const auto others = co_await vault_.doubtful_holders(what, wall_now(), until);
    if (!others) co_return others.error();
    const auto soon = until.no_later_than(steady_now() + others_patience);
    bool has_new = false;
    for (const auto& other : *others) {
        if (find_tried(tried, other) != tried.end()) continue;
        if (soon.passed(steady_now())) co_return failure{errc::deadline_exceeded, "There are too many."};
        has_new = true;
        const auto end = co_await tokens_.renew(other.user, other.version, soon);
        tried.push_back({other.user, other.version, end && *end == tokens::renewal::refused});
        if (end && *end == tokens::renewal::renewed) break; // the account is held
    }
    co_return has_new;
}

/// Others come first: the refresh of `what` would spend a token that another user was given meanwhile, too.
task<revoke_end> revoker::try_now(vault::revocation& what, deadline until) {
    std::vector<tried_holder> tried;
    bool access_token_refused = false;
    for (int round = 0; round < rounds_max; ++round) {
        const auto has_new = co_await try_others(what, tried, until);
        if (!has_new) co_return revoke_end::later;
        auto end = co_await why_not(what, tried);
        if (!end) {
            const auto not_ready = co_await make_ready(what, access_token_refused, until);
            if (not_ready) co_return *not_ready;
            end = co_await send_patiently(what, tried, until);
        } else if (*end == request_end::others_to_try && !*has_new) {
            co_return revoke_end::later; // all of them have been tried
        }
        switch (*end) {
            case request_end::revoked:
                co_return revoke_end::revoked;
            case request_end::not_wanted:
                co_return revoke_end::not_wanted;
            case request_end::later:
                co_return revoke_end::later;
            case request_end::token_refused:
                if (std::exchange(access_token_refused, true)) co_return revoke_end::later; // a new one, too
                break;
            case request_end::others_to_try:
                break;
        }
    }
    co_return revoke_end::later;
}

task<revoke_end> revoker::carry_out(vault::revocation what, deadline until) {
    const auto end = co_await try_now(what, until);
    if (end == revoke_end::later && may_be_tried_again(what)) co_return end;
    // If this fails, the next round finds that TikTok has ended it.
    static_cast<void>(co_await vault_.drop_revocation(what, time_to_store()));
    co_return end;
}

task<result<revocation_round>> revoker::carry_out_due(deadline until) {
    revocation_round out;
    while (!until.passed(steady_now())) {
        auto next = co_await vault_.take_revocation(wall_now(), until);
        if (!next) co_return next.error();
        if (!*next) break;
        const bool last = !may_be_tried_again(**next);
        const auto soon = until.no_later_than(steady_now() + one_patience);
        const auto end = co_await carry_out(std::move(**next), soon);
        if (end == revoke_end::revoked) ++out.revoked;
        if (end == revoke_end::ended) ++out.ended;
        if (end == revoke_end::not_wanted) ++out.not_wanted;
        if (end == revoke_end::later) ++(last ? out.given_up : out.later);
        if (end == revoke_end::lost) ++out.given_up;
    }
    co_return out;
}

} // namespace gateway::connections
