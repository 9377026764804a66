// Pairs of grants that are to be ended at TikTok (token_vault.hpp): those of users who are disconnected, also
// of other TikTok apps, and of grants that never became a connection.
#include "store/connection_causes.hpp"
#include "store/pending_grants.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>
#include <limits>

namespace gateway::vault {
namespace {

record_name name_of(const store::revocation_record& record) {
    return {"revocation", record.account.text(), record.version, record.app};
}

constexpr milliseconds first_pause = std::chrono::minutes{1};

/// 1, 4, 16, 64 and 256 minutes, then 12 hours: eight tries take 30 hours.
milliseconds pause_after(std::uint32_t tries) {
    constexpr milliseconds longest = std::chrono::hours{12};
    return tries > 5 ? longest : std::min(first_pause * (1 << (2 * tries)), longest);
}

} // namespace

task<result<void>> token_vault::seal_revocation(revocation& what, deadline until) {
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++sealed_;
    const token_text text{
        what.access_token.copy(), what.refresh_token.copy(), what.record.account.text(), {}, wall_time{},
        what.access_expires_at,   what.refresh_expires_at};
    const secret plain = write_token_text(text);
    what.record.sealed_tokens = seal(**keys, name_of(what.record), plain.reveal());
    what.record.expires_at = what.expires_at();
    co_return result<void>{};
}

std::optional<revocation> token_vault::open_revocation(const store::revocation_record& record) {
    const auto plain = open(*ring(), name_of(record), record.sealed_tokens);
    auto text = plain ? read_token_text(plain->reveal()) : std::nullopt;
    if (!text) return std::nullopt;
    ++opened_;
    return revocation{record, std::move(text->access_token), std::move(text->refresh_token),
                      text->access_expires_at, text->refresh_expires_at};
}

task<result<store::revocation_record>> token_vault::leaving_pair(const store::connection_record& row,
                                                                 wall_time now, deadline until) {
    revocation pair;
    pair.record.user = row.user;
    pair.record.version = row.version;
    pair.record.app = row.app;
    pair.record.account = row.account;
    pair.record.proof = row.proof;
    pair.record.answer_lost = row.cause == store::cause::rotation_response_lost;
    auto text = open_pair(row, row.version, row.app, row.sealed_tokens);
    if (!text && !row.sealed_tokens.empty()) {
        const auto unopened = co_await note_unopened(row.sealed_tokens, "This user's tokens are", until);
        if (!unopened) co_return unopened.error();
    }
    if (!text) co_return std::move(pair.record);
    pair.access_token = std::move(text->access_token);
    pair.refresh_token = std::move(text->refresh_token);
    pair.access_expires_at = text->access_expires_at;
    pair.refresh_expires_at = text->refresh_expires_at;
    if (pair.expires_at() <= now) co_return std::move(pair.record);
    const auto sealed = co_await seal_revocation(pair, until);
    if (!sealed) co_return sealed.error();
    co_return std::move(pair.record);
}

task<result<std::vector<store::revocation_record>>> token_vault::leaving_beside(user_id user, wall_time now,
                                                                                deadline until) {
    const auto rows = co_await connections_.find_all_beside(std::move(user), until);
    if (!rows) co_return rows.error();
    std::vector<store::revocation_record> out;
    for (const auto& row : *rows) {
        auto pair = co_await leaving_pair(row, now, until);
        if (!pair) co_return pair.error();
        out.push_back(std::move(*pair));
    }
    co_return out;
}

task<result<ended_connection>> token_vault::end(shared_tokens seen, bool revocable, milliseconds own_try,
                                                wall_time now, deadline until) {
    auto beside = co_await leaving_beside(seen->user, now, until);
    if (!beside) co_return beside.error();
    revocation pair;
    pair.record.user = seen->user;
    pair.record.version = seen->version;
    const bool is_surely_ours = !seen->without_app || old_pairs_.load() == old_pairs::ours;
    if (is_surely_ours) pair.record.app = app_;
    pair.record.account = seen->account;
    pair.record.proof = seen->proof;
    pair.record.refused = seen->is_over(); // another refusal shows nothing more
    pair.record.answer_lost = seen->cause == store::cause::rotation_response_lost;
    pair.record.tries = 1;
    pair.record.wait = own_try;
    if (revocable) {
        pair.access_token = seen->access_token.copy();
        pair.refresh_token = seen->refresh_token.copy();
        pair.access_expires_at = seen->access_expires_at;
        pair.refresh_expires_at = seen->refresh_expires_at;
        const auto sealed = co_await seal_revocation(pair, until);
        if (!sealed) co_return sealed.error();
    }
    store::leaving_user leaving;
    leaving.user = seen->user;
    leaving.version = seen->version;
    leaving.running_app = app_;
    leaving.pair = pair.record;
    leaving.beside = std::move(*beside);
    const auto ended = co_await connections_.end(std::move(leaving), now, until);
    if (!ended) {
        cache_.mark_stale(seen->user); // it may have ended all the same
        co_return ended.error();
    }
    ended_connection out{ended->what, std::nullopt};
    if (ended->what != store::connection_end::kind::changed) cache_.drop(seen->user);
    if (ended->revocation > 0) {
        pair.record.number = ended->revocation;
        out.to_revoke = std::move(pair);
    }
    co_return out;
}

task<result<store::connection_end::kind>> token_vault::end_elsewhere(user_id user, wall_time now,
                                                                     deadline until) {
    auto there = co_await connections_.find(user, until);
    if (!there) co_return there.error();
    if (*there && is_ours(**there)) co_return store::connection_end::kind::changed;
    store::leaving_user leaving;
    leaving.user = user;
    leaving.running_app = app_;
    if (*there) {
        auto pair = co_await leaving_pair(**there, now, until);
        if (!pair) co_return pair.error();
        leaving.version = (*there)->version;
        leaving.pair = std::move(*pair);
    }
    auto beside = co_await leaving_beside(user, now, until);
    if (!beside) co_return beside.error();
    leaving.beside = std::move(*beside);
    const auto ended = co_await connections_.end(std::move(leaving), now, until);
    cache_.mark_stale(user); // it may have ended also without an answer
    if (!ended) co_return ended.error();
    if (ended->what != store::connection_end::kind::changed) cache_.drop(user);
    co_return ended->what;
}

task<result<revocation>> token_vault::seal_for_revocation(std::string app, fresh_tokens tokens, wall_time now,
                                                          deadline until) {
    revocation pair;
    pair.record.app = std::move(app);
    pair.record.account = std::move(tokens.account);
    pair.access_token = std::move(tokens.access_token);
    pair.refresh_token = std::move(tokens.refresh_token);
    pair.access_expires_at = now + tokens.access_lifetime;
    pair.refresh_expires_at = now + tokens.refresh_lifetime;
    const auto sealed = co_await seal_revocation(pair, until);
    if (!sealed) co_return sealed.error();
    co_return std::move(pair);
}

task<result<void>> token_vault::give_up(fresh_tokens tokens, wall_time now, deadline until) {
    auto pair = co_await seal_for_revocation(app_, std::move(tokens), now, until);
    if (!pair) co_return pair.error();
    co_return co_await revocations_.put(std::move(pair->record), now, until);
}

task<result<bool>> token_vault::give_up(const store::pending_grant_record& seen, fresh_tokens tokens,
                                        wall_time now, deadline until) {
    auto pair = co_await seal_for_revocation(seen.app, std::move(tokens), seen.created_at, until);
    if (!pair) co_return pair.error();
    co_return co_await revocations_.put_in_place_of(seen, std::move(pair->record), now, until);
}

task<result<std::optional<revocation>>> token_vault::take_revocation(wall_time now, deadline until) {
    auto own = co_await take_revocation_of(app_, now, until);
    if (!own || *own) co_return own;
    std::string no_app;
    co_return co_await take_revocation_of(std::move(no_app), now, until);
}

/// One of no app is sealed for this one once that is known to be its app.
task<result<std::optional<revocation>>> token_vault::take_revocation_of(std::string app, wall_time now,
                                                                        deadline until) {
    constexpr std::uint32_t looked_at = 20;
    std::optional<revocation> out;
    // While it is not known whose they are, those of no app are tried no more often than others.
    constexpr auto any_tries = std::numeric_limits<std::uint32_t>::max();
    const bool unknown = app.empty() && old_pairs_.load() == old_pairs::unknown;
    auto due = co_await revocations_.due(app, unknown ? revocation_tries_max : any_tries, looked_at, until);
    if (!due) co_return due.error();
    if (unknown && !due->empty()) {
        const auto learned = co_await learn_app_of_old_pairs(until);
        if (!learned) co_return learned.error();
    }
    if (app.empty() && old_pairs_.load() == old_pairs::of_another_app) co_return out;
    for (const auto& record : *due) {
        auto pair = open_revocation(record);
        if (!pair) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs) continue; // only a replica that has the key can try it
        }
        const auto claimed = co_await revocations_.claim(record, app_, pause_after(record.tries), now, until);
        if (!claimed) co_return claimed.error();
        if (!*claimed) continue;
        const auto tries = record.tries + 1;
        if (pair) {
            pair->record.tries = tries;
            if (app.empty() && old_pairs_.load() == old_pairs::ours) {
                const auto kept = co_await keep_revocation(*pair, now, until);
                if (!kept) co_return kept.error();
                if (!*kept) continue;
            }
            out = std::move(pair);
            co_return out;
        }
        ++damaged_;
        if (tries < revocation_tries_max) continue;
        const auto dropped = co_await revocations_.remove(record, until);
        if (!dropped) co_return dropped.error();
    }
    co_return out;
}

task<result<bool>> token_vault::keep_revocation(revocation& what, wall_time now, deadline until) {
    if (what.record.app.empty()) {
        // If this fails, the next pair of no app that TikTok takes shows the same.
        static_cast<void>(co_await note_old_pair_taken(until));
        what.record.app = app_;
        what.record.tries = 1; // those before were tries to find out
    }
    auto anew = what.copy();
    const auto sealed = co_await seal_revocation(anew, until);
    if (!sealed) co_return sealed.error();
    anew.record.wait = first_pause; // longer than the rest of this try
    const auto number = co_await revocations_.replace(anew.record, now, until);
    if (!number) co_return number.error();
    if (*number == 0) co_return false;
    what = std::move(anew);
    what.record.number = *number;
    co_return true;
}

task<result<void>> token_vault::note_trouble(const revocation& what, deadline until) {
    return revocations_.note_trouble(what.record, until);
}

task<result<store::revoke_verdict>> token_vault::judge_revocation(const revocation& what, wall_time now,
                                                                  deadline until) {
    return revocations_.judge(what.record, now, until);
}

task<result<std::vector<store::connection_summary>>> token_vault::doubtful_holders(const revocation& what,
                                                                                   wall_time now,
                                                                                   deadline until) {
    return connections_.doubtful_holders(what.record.account, what.record.app, now, until);
}

task<result<void>> token_vault::drop_revocation(const revocation& what, deadline until) {
    return revocations_.remove(what.record, until);
}

} // namespace gateway::vault
