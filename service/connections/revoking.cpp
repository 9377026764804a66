#include "connections/revoking.hpp"

#include "base/backoff.hpp"
#include "connections/deadlines.hpp"
#include "connections/uncut_work.hpp"
#include "runtime/waiter.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/token_service.hpp"

#include <new>
#include <utility>
#include <variant>

namespace gateway::connections {
namespace {

constexpr milliseconds request_timeout{5'000};  // of one try
constexpr milliseconds refresh_timeout{15'000}; // its answer must not be lost
constexpr milliseconds store_patience{20'000};  // for the pair of a refresh, also while draining
constexpr milliseconds others_patience{30'000}; // for the tokens of others
constexpr milliseconds one_patience{50'000};    // for one revocation of a round, less than its reservation
constexpr milliseconds retry_pause{200};
constexpr std::uint32_t repeats_max = 3;
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

task<revoke_end> revoke_patiently(tiktok::oauth& ask, vault::token_vault& vault,
                                  const vault::revocation& what, deadline until) {
    for (std::uint32_t repeats = 0;; ++repeats) {
        // The revoke would also end the grant of whoever has connected this account meanwhile.
        const auto wanted = co_await vault.is_wanted(what, wall_now(), time_to_store());
        if (!wanted) co_return revoke_end::later;
        if (!*wanted) co_return revoke_end::not_wanted;
        const auto soon = until.no_later_than(steady_now() + request_timeout);
        const auto revoked = co_await ask.revoke(what.access_token.copy(), soon, until.by());
        if (revoked) co_return revoke_end::revoked;
        const auto pause = jittered_backoff(first_pause, repeats, pause_max, random_unit());
        if (!may_pass(revoked.error())) co_return revoke_end::ended;
        if (!may_pass_soon(revoked.error()) || repeats == repeats_max || until.left(steady_now()) <= pause)
            co_return revoke_end::later;
        co_await pause_until(until.no_later_than(steady_now() + pause));
    }
}

} // namespace

task<std::optional<revoke_end>> revoker::make_ready(vault::revocation& what, deadline until) {
    const auto now = wall_now();
    const bool is_ours = !what.record.app.empty(); // else only a refresh shows whose it is
    if (is_ours && now < what.access_expires_at) co_return std::nullopt;
    if (what.refresh_token.empty() || now >= what.refresh_expires_at)
        co_return is_ours ? revoke_end::ended : revoke_end::later;
    if (until.passed(steady_now() + request_timeout)) co_return revoke_end::later;
    const auto shared = std::make_shared<vault::revocation>(what.copy());
    auto end = co_await uncut_.run(refresh(shared, until.by()), until);
    if (!end) co_return revoke_end::later; // if it is not over, its pair is kept when it is
    what = std::move(*shared);
    co_return *end;
}

task<result<std::optional<revoke_end>>> revoker::refresh(std::shared_ptr<vault::revocation> what, sharer by) {
    std::optional<revoke_end> end = revoke_end::later;
    auto outcome =
        co_await ask_.refresh(what->refresh_token.copy(), deadline::in(steady_now(), refresh_timeout), by);
    if (std::holds_alternative<tiktok::grant_invalid>(outcome)) end = co_await judge_refused(*what);
    auto* const answer = std::get_if<tiktok::token_answer>(&outcome);
    if (answer == nullptr) co_return end;
    what->access_token = std::move(answer->access_token);
    what->access_expires_at = wall_now() + answer->access_lifetime;
    if (!answer->refresh_token.empty()) what->refresh_token = std::move(answer->refresh_token);
    if (answer->refresh_lifetime.count() > 0)
        what->refresh_expires_at = wall_now() + answer->refresh_lifetime;
    end.reset();
    const auto received = steady_now();
    while (true) {
        const auto kept = co_await keep_pair(*what);
        // Somebody has connected this account meanwhile: a revoke would end that, too.
        if (kept && !*kept) end = revoke_end::not_wanted;
        if (kept || steady_now() + retry_pause >= received + store_patience) co_return end;
        co_await pause_until(deadline::in(steady_now(), retry_pause));
    }
}

/// Another refresh, which began before the connection ended, may have replaced the token, and brings its pair
/// to the row as soon as the store takes it: so the row stays for one more try.
task<revoke_end> revoker::judge_refused(const vault::revocation& what) {
    if (what.record.app.empty()) co_return revoke_end::later; // perhaps of another app
    if (what.record.refused) co_return revoke_end::ended;
    // If this fails, the next refusal is the first one that is known.
    static_cast<void>(co_await vault_.note_refused(what, time_to_store()));
    co_return revoke_end::later;
}

task<bool> revoker::try_others(const vault::revocation& what, deadline until) {
    const auto before = co_await vault_.doubtful_holders(what, wall_now(), until);
    if (!before) co_return false;
    if (before->empty()) co_return true;
    const auto soon = until.no_later_than(steady_now() + others_patience);
    for (const auto& other : *before) {
        if (soon.passed(steady_now())) break;
        // What comes of it is stored, and looked at below.
        static_cast<void>(co_await tokens_.renew(other.user, other.version, soon));
    }
    // After hours of tries, what TikTok neither takes nor ends holds nothing.
    if (!may_be_tried_again(what)) co_return true;
    const auto after = co_await vault_.doubtful_holders(what, wall_now(), until);
    co_return after && after->empty();
}

/// An exception is like a store that does not answer.
task<result<bool>> revoker::keep_pair(vault::revocation& what) {
    try {
        co_return co_await vault_.keep_revocation(what, wall_now(), time_to_store());
    } catch (const std::bad_alloc&) { // below
    }
    co_return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
}

task<revoke_end> revoker::carry_out(vault::revocation what, deadline until) {
    const auto not_ready = co_await make_ready(what, until);
    auto end = not_ready.value_or(revoke_end::later);
    if (!not_ready) {
        const bool others_are_known = co_await try_others(what, until);
        if (others_are_known) end = co_await revoke_patiently(ask_, vault_, what, until);
    }
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
    }
    co_return out;
}

} // namespace gateway::connections
