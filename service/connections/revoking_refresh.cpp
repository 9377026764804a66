// The pair of a revocation before it is revoked (revoking.hpp): TikTok takes only an access token that lives,
// so a refresh comes first where it may not.
#include "base/memory/memory_reserve.hpp"
#include "connections/deadlines.hpp"
#include "connections/revoking.hpp"
#include "connections/uncut_work.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/received_pair.hpp"

#include <memory>
#include <new>
#include <utility>
#include <variant>

namespace gateway::connections {
namespace {

constexpr milliseconds refresh_timeout{15'000}; // its answer must not be lost
constexpr milliseconds store_patience{20'000};  // for the pair of a refresh, also while draining
constexpr milliseconds retry_pause{200};
/// An access token is not sent so shortly before its end: it was counted by a clock of ours (Q02).
constexpr milliseconds clock_margin = std::chrono::minutes{5};

bool may_be_refreshed(const vault::revocation& what, wall_time now) {
    return !what.refresh_token.empty() && now < what.refresh_expires_at;
}

/// Tokens of an import may have another end than its caller says, so they are refreshed first.
bool has_good_token(const vault::revocation& what, wall_time now) {
    const bool is_given = what.record.proof == store::account_proof::pair;
    const bool has_no_other_token = !may_be_refreshed(what, now) || what.record.refused;
    if (has_no_other_token) return now < what.access_expires_at;
    return is_given && now + clock_margin < what.access_expires_at;
}

/// As of the connection that has ended: if it cannot be stored, it is found again as a refresh of that.
vault::spooled_copy keep_copy(vault::token_vault& vault, const vault::revocation& what, const secret& sent,
                              const tiktok::token_answer& answer, wall_time received_at) {
    if (vault.spool() == nullptr) return {};
    const auto fresh = tokens::tokens_of(answer, sent, {}, what.refresh_expires_at - received_at);
    const memory_reserve::scope no_failure;
    auto copy = vault::spooled(vault::spooled_kind::refresh, vault.app(), fresh, received_at);
    copy.text.account = what.record.account.text();
    copy.user = what.record.user;
    copy.version = what.record.version;
    copy.sent_hash = tokens::import_hash(sent);
    return vault.keep_on_disk(std::move(copy));
}

} // namespace

task<std::optional<revoke_end>> revoker::make_ready(vault::revocation& what, bool access_token_refused,
                                                    deadline until) {
    const auto now = wall_now();
    const bool is_ours = !what.record.app.empty(); // else only a refresh shows whose it is
    if (is_ours && !access_token_refused && has_good_token(what, now)) co_return std::nullopt;
    if (!may_be_refreshed(what, now)) co_return is_ours ? revoke_end::ended : revoke_end::later;
    if (until.passed(steady_now() + time_to_refresh)) co_return revoke_end::later;
    const auto shared = std::make_shared<vault::revocation>(what.copy());
    auto end = co_await uncut_.run(refresh(shared, access_token_refused, until.by()), until);
    if (!end) co_return revoke_end::later; // if it is not over, its pair is kept when it is
    what = std::move(*shared);
    co_return *end;
}

task<result<std::optional<revoke_end>>> revoker::refresh(std::shared_ptr<vault::revocation> what,
                                                         bool access_token_refused, sharer by) {
    std::optional<revoke_end> end = revoke_end::later;
    auto outcome = co_await request(*what, by);
    if (std::holds_alternative<tiktok::answer_lost>(outcome)) { // one that did not rotate answers now (T04)
        what->record.answer_lost = true;
        outcome = co_await request(*what, by);
    }
    if (std::holds_alternative<tiktok::grant_invalid>(outcome))
        end = co_await judge_refused(*what, access_token_refused);
    else if (what->record.answer_lost) {
        try { // if this fails, a refusal is taken for the end of the grant
            static_cast<void>(co_await vault_.note_trouble(*what, time_to_store()));
        } catch (const std::bad_alloc&) { // TikTok may have given a pair now, which is not lost for it
        }
    }
    auto* const answer = std::get_if<tiktok::token_answer>(&outcome);
    if (answer == nullptr) co_return end;
    if (!answer->account.empty() && answer->account != what->record.account) {
        // As an import may have named it: the pair is kept for whoever it belongs to. If this fails, nobody
        // has it any more.
        const auto left = what->refresh_expires_at - wall_now();
        const auto pair = tokens::tokens_of(*answer, what->refresh_token, {}, left);
        const auto retry_for = [] { return store_patience; };
        static_cast<void>(co_await tokens::keep_for_import(vault_, what->refresh_token, pair, retry_for));
        co_return co_await judge_refused(*what, access_token_refused);
    }
    auto copy = keep_copy(vault_, *what, what->refresh_token, *answer, wall_now());
    what->record.proof = store::account_proof::pair;
    what->record.refused = what->record.answer_lost = false;
    what->access_token = std::move(answer->access_token);
    what->access_expires_at = wall_now() + answer->access_lifetime;
    if (!answer->refresh_token.empty()) what->refresh_token = std::move(answer->refresh_token);
    if (answer->refresh_lifetime.count() > 0)
        what->refresh_expires_at = wall_now() + answer->refresh_lifetime;
    end.reset();
    const auto received = steady_now();
    while (true) {
        bool kept = false;
        try {
            const auto stored = co_await vault_.keep_revocation(*what, wall_now(), time_to_store());
            kept = stored.has_value();
            // Somebody has connected this account meanwhile: a revoke would end that, too.
            if (kept && !*stored) end = revoke_end::not_wanted;
        } catch (const std::bad_alloc&) { // as if the store had not answered
        }
        if (kept)
            copy.stored();
        else
            copy.hurry();
        if (kept || steady_now() + retry_pause >= received + store_patience) co_return end;
        co_await tokens::pause_surely(deadline::in(steady_now(), retry_pause));
    }
}

task<tiktok::token_outcome> revoker::request(const vault::revocation& what, sharer by) {
    try {
        co_return co_await ask_.refresh(what.refresh_token.copy(),
                                        deadline::in(steady_now(), refresh_timeout), by);
    } catch (const std::bad_alloc&) { // the answer may have been there
    }
    co_return tiktok::answer_lost{"out of memory"};
}

/// Another refresh, which began before the connection ended, may have replaced the token, and brings its pair
/// to the row as soon as the store takes it: so the row stays for one more try, unless TikTok takes none of
/// the two tokens.
task<revoke_end> revoker::judge_refused(vault::revocation& what, bool access_token_refused) {
    if (what.record.app.empty()) co_return revoke_end::later; // perhaps of another app
    if (what.record.refused || access_token_refused)
        co_return what.record.answer_lost ? revoke_end::lost : revoke_end::ended;
    what.record.refused = true;
    // If this fails, the next refusal is the first one that is known.
    static_cast<void>(co_await vault_.note_trouble(what, time_to_store()));
    co_return revoke_end::later;
}

} // namespace gateway::connections
