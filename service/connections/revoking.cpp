#include "connections/revoking.hpp"

#include "base/backoff.hpp"
#include "connections/deadlines.hpp"
#include "connections/uncut_work.hpp"
#include "runtime/waiter.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/token_service.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace gateway::connections {
namespace {

constexpr milliseconds request_timeout{5'000};  // of one try
constexpr milliseconds others_patience{30'000}; // for the tokens of others
constexpr milliseconds one_patience{50'000};    // for one revocation of a round, less than its reservation
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

/// The end of a revoke's requests.
enum class requests_end { revoked, token_refused, not_wanted, others_to_try, later };

requests_end end_of(store::revoke_verdict verdict) {
    using enum store::revoke_verdict;
    return verdict == held_doubtfully ? requests_end::others_to_try : requests_end::not_wanted;
}

/// `despite_doubt`: also if somebody may hold the account.
task<requests_end> revoke_patiently(tiktok::oauth& ask, vault::token_vault& vault,
                                    const vault::revocation& what, bool despite_doubt, deadline until) {
    using enum requests_end;
    for (std::uint32_t repeats = 0;; ++repeats) {
        // The revoke would also end the grant of whoever has connected this account meanwhile.
        const auto verdict = co_await vault.judge_revocation(what, wall_now(), time_to_store());
        if (!verdict) co_return later;
        const bool goes_on = *verdict == store::revoke_verdict::held_doubtfully && despite_doubt;
        if (*verdict != store::revoke_verdict::allowed && !goes_on) co_return end_of(*verdict);
        const auto soon = until.no_later_than(steady_now() + request_timeout);
        const auto done = co_await ask.revoke(what.access_token.copy(), soon, until.by());
        if (done) co_return revoked;
        const auto pause = jittered_backoff(first_pause, repeats, pause_max, random_unit());
        if (!may_pass(done.error())) co_return token_refused;
        if (!may_pass_soon(done.error()) || repeats == repeats_max || until.left(steady_now()) <= pause)
            co_return later;
        co_await pause_until(until.no_later_than(steady_now() + pause));
    }
}

} // namespace

/// Tries the refresh tokens of those who hold the account only if TikTok takes them. What comes of it is
/// stored, and judged before the revoke. `false`: all of them have been tried before.
task<result<bool>> revoker::try_others(const vault::revocation& what, std::vector<tried_holder>& tried,
                                       deadline until) {
    const auto others = co_await vault_.doubtful_holders(what, wall_now(), until);
    if (!others) co_return others.error();
    const auto soon = until.no_later_than(steady_now() + others_patience);
    bool has_new = false;
    for (const auto& other : *others) {
        const auto is_it = [&other](const tried_holder& one) {
            return one.user == other.user && one.version == other.version;
        };
        if (std::any_of(tried.begin(), tried.end(), is_it)) continue;
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
    bool token_refused = false;
    for (int round = 0; round < rounds_max; ++round) {
        const auto has_new = co_await try_others(what, tried, until);
        if (!has_new) co_return revoke_end::later;
        // After hours of tries, those hold nothing to whom TikTok gives no tokens, if it has said so of all.
        const bool despite_doubt = !may_be_tried_again(what)
                                   && std::all_of(tried.begin(), tried.end(),
                                                  [](const tried_holder& one) { return one.was_refused; });
        const auto verdict = co_await vault_.judge_revocation(what, wall_now(), time_to_store());
        if (!verdict) co_return revoke_end::later;
        if (*verdict == store::revoke_verdict::held || *verdict == store::revoke_verdict::gone)
            co_return revoke_end::not_wanted;
        if (*verdict == store::revoke_verdict::held_doubtfully && !despite_doubt) {
            if (!*has_new) co_return revoke_end::later;
            continue;
        }
        const auto not_ready = co_await make_ready(what, token_refused, until);
        if (not_ready) co_return *not_ready;
        const auto end = co_await revoke_patiently(ask_, vault_, what, despite_doubt, until);
        if (end == requests_end::revoked) co_return revoke_end::revoked;
        if (end == requests_end::not_wanted) co_return revoke_end::not_wanted;
        if (end == requests_end::later) co_return revoke_end::later;
        if (end == requests_end::token_refused && std::exchange(token_refused, true))
            co_return revoke_end::later; // one that TikTok has just given
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
