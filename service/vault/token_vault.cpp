#include "vault/token_vault.hpp"

#include "base/lists.hpp"
#include "store/connection_causes.hpp"
#include "vault/sealing.hpp"
#include "vault/token_set_of_row.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

constexpr milliseconds answer_within{500}; // for a read that only confirms the cached set
constexpr milliseconds ask_again_after{1'000};

failure not_connected() {
    return failure{errc::user_not_connected, "This user has no TikTok connection."};
}

/// Without account, scopes and time, which are the record's.
token_text text_of_refresh(const token_set& from, fresh_tokens& fresh, wall_time now) {
    token_text out;
    out.access_token = std::move(fresh.access_token);
    // An empty value never overwrites a good one (T09).
    out.refresh_token =
        fresh.refresh_token.empty() ? from.refresh_token.copy() : std::move(fresh.refresh_token);
    out.access_expires_at = now + fresh.access_lifetime;
    out.refresh_expires_at =
        fresh.refresh_lifetime.count() > 0 ? now + fresh.refresh_lifetime : from.refresh_expires_at;
    out.forced_in_a_row = fresh.forced_in_a_row;
    return out;
}

} // namespace

std::optional<token_text> token_vault::open_pair(const store::connection_summary& record,
                                                 std::uint64_t version, std::string_view app,
                                                 std::string_view blob) {
    const auto plain = open(*ring(), name_of_pair(record.user.text(), version, app), blob);
    if (!plain) return std::nullopt;
    ++opened_;
    auto text = read_token_text(plain->reveal());
    // The other columns are not authenticated; the account inside the blob is.
    if (text && text->account != record.account.text()) return std::nullopt;
    return text;
}

std::string token_vault::seal_pair(const key_ring& keys, const store::connection_summary& record,
                                   const token_text& text) {
    ++sealed_;
    const secret plain = write_token_text(text);
    return seal(keys, name_of_pair(record.user.text(), record.version, record.app), plain.reveal());
}

failure token_vault::refuse_older(const user_id& user) {
    ++older_;
    if (report_older_) report_older_(user);
    return failure{
        errc::vault_unavailable,
        "The store gives an older record of this user than it gave before; an operator has to look."};
}

/// Brings back the pair of this app at most once: while another process runs under another app, the two would
/// take turns.
task<result<token_vault::reading>> token_vault::read(user_id user, deadline until, bool may_bring_back) {
    const auto noted = cache_.now(user);
    auto found = co_await connections_.find(user, until);
    if (!found) co_return found.error();
    if (!*found) {
        cache_.drop(user);
        co_return reading{nullptr, not_connected()};
    }
    auto& record = **found;
    if (record.version < noted.newest_version) co_return reading{nullptr, refuse_older(user)};
    if (!is_ours(record)) {
        if (may_bring_back) {
            const auto back = co_await bring_back_pair(record, until);
            if (!back) co_return back.error();
            if (*back == brought_back::older) co_return reading{nullptr, refuse_older(user)};
            if (*back == brought_back::done) co_return co_await read(std::move(user), until, false);
        }
        auto out = of_another_app(record);
        cache_.put_read(out, noted);
        co_return reading{std::move(out), std::nullopt};
    }
    auto out = described(record, scopes_);
    if (!record.sealed_tokens.empty()) {
        auto text = open_pair(record, record.version, record.app, record.sealed_tokens);
        if (!text) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs) {
                cache_.drop(user); // the cached set is older than the unreadable record
                co_return reading{nullptr, under_another_key("This user's tokens are")};
            }
            co_return co_await repair(std::move(record), until);
        }
        if (!noted.may_be_newest(record.version, record.account))
            co_return reading{nullptr, refuse_older(user)};
        take_tokens(*out, std::move(*text), record.version);
    }
    if (const auto before = cache_.find_stale(user); before && before->version == out->version)
        out->accepted = before->accepted;
    cache_.put_read(out, noted);
    co_return reading{std::move(out), std::nullopt};
}

result<shared_tokens> token_vault::answer_of(result<reading> from) {
    if (!from) return from.error();
    if (from->refused) return std::move(*from->refused);
    return std::move(from->tokens);
}

/// The record's tag is wrong (V04): tries the previous pair and stores the result for operators to see. The
/// damaged bytes are kept. Whoever writes the database must not turn the user to an account of before in this
/// way.
task<result<token_vault::reading>> token_vault::repair(store::connection_summary record, deadline until) {
    ++damaged_;
    const auto noted = cache_.now(record.user);
    auto out = described(record, scopes_);
    auto kept = co_await connections_.kept_tokens(record.user, until);
    if (!kept) co_return kept.error();
    for (const auto& one : *kept) {
        if (!noted.may_be_of(record.account)) break;
        if (!one.app.empty() && one.app != record.app) continue; // of another TikTok app
        auto text = open_pair(record, one.version, one.app, one.sealed_tokens);
        if (!text) continue;
        take_tokens(*out, std::move(*text), one.version);
        break;
    }
    if (!out->is_over()) {
        out->state = out->access_token.empty() ? store::connection_state::reconnect_required
                                               : store::connection_state::refresh_in_doubt;
        out->cause = store::cause::sealed_record_damaged;
        auto noticed = co_await connections_.set_state(record.user, record.version, out->state, out->cause,
                                                       wall_now(), until);
        if (!noticed) co_return noticed.error();
    }
    cache_.put_read(out, noted);
    co_return reading{std::move(out), std::nullopt};
}

token_vault::token_vault(pair_store at, key_ring keys, std::string app, std::size_t cached_users_max)
    : connections_(at.connections),
      refreshes_(at.refreshes),
      proofs_(at.proofs),
      revocations_(at.revocations),
      sealed_values_(at.sealed),
      facts_(at.facts),
      app_(std::move(app)),
      cache_(cached_users_max),
      uses_(at.facts),
      ring_(std::make_shared<const key_ring>(std::move(keys))) {
    connections_.listen(*this);
}

token_vault::~token_vault() {
    connections_.stop_listening(*this);
}

task<result<shared_tokens>> token_vault::load(user_id user, deadline until) {
    if (auto known = cache_.find(user)) co_return known;
    auto unsure = cache_.find_stale(user);
    if (!unsure) {
        auto there = co_await read(std::move(user), until);
        co_return answer_of(std::move(there));
    }
    // A token that was read before stays usable while the store is away (V11), and only a few calls wait for
    // the store's timeout.
    const auto now = steady_now();
    if (now < away_until_.load(std::memory_order_relaxed)) co_return unsure;
    auto there = co_await read(user, until.no_later_than(now + answer_within));
    const bool away = !there
                      && (there.error().code() == errc::vault_unavailable
                          || there.error().code() == errc::deadline_exceeded);
    if (away) unsure = cache_.find_stale(user);
    if (!away || !unsure) co_return answer_of(std::move(there));
    away_until_.store(steady_now() + ask_again_after, std::memory_order_relaxed);
    co_return unsure;
}

task<result<shared_tokens>> token_vault::load_again(user_id user, deadline until) {
    cache_.mark_stale(user);
    auto there = co_await read(std::move(user), until);
    co_return answer_of(std::move(there));
}

task<result<saved_refresh>> token_vault::save_refreshed(store::lease held, shared_tokens from,
                                                        fresh_tokens fresh, wall_time now, deadline until) {
    const auto noted = cache_.now(from->user);
    auto there = co_await connections_.find_summary(from->user, until);
    if (there && *there && !is_ours(**there)) { // the pair waits beside one of another app by now
        auto waiting = co_await connections_.find_beside(from->user, app_, until);
        if (waiting && !*waiting && from->without_app) {
            const std::string no_app;
            waiting = co_await connections_.find_beside(from->user, no_app, until);
        }
        if (!waiting) co_return waiting.error();
        there->reset();
        if (*waiting) there->emplace(std::move(**waiting));
    }
    if (!there) co_return there.error();
    auto text = text_of_refresh(*from, fresh, now);
    // Nothing of the row is authenticated here: what is sealed must be of the pair that was opened.
    if (!*there || (*there)->version != from->version || (*there)->account != from->account)
        co_return co_await keep_for_revocation(std::move(from), std::move(text), until);
    store::connection_record record{std::move(**there), {}};
    record.version = from->version + 1;
    record.state = store::connection_state::connected;
    record.cause.clear();
    record.app = app_; // TikTok took the pair under this app
    // An access token alone says nothing about a pair that TikTok gave without a name.
    constexpr auto by_pair = store::account_proof::pair;
    if (fresh.proof == by_pair || record.proof != by_pair) record.proof = fresh.proof;
    record.scopes = fresh.scopes.empty() ? joined(from->scopes()) : fresh.scopes;
    text.account = from->account.text();
    text.scopes = record.scopes;
    // Later than the login, even if another replica with a clock ahead of ours received that: the difference
    // marks a pair as coming from a refresh, which some of TikTok's servers may not accept yet (Q02).
    text.received_at = std::max(now, record.connected_at + milliseconds{1});
    record.access_expires_at = text.access_expires_at;
    record.refresh_expires_at = text.refresh_expires_at;
    record.updated_at = now;
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    record.sealed_tokens = seal_pair(**keys, record, text);
    auto out = described(record, scopes_);
    const auto ended = co_await refreshes_.finish(std::move(held), std::move(record), from->version, until);
    if (!ended) {
        cache_.mark_stale(from->user);
        co_return ended.error();
    }
    if (*ended == store::refresh_end::superseded)
        co_return co_await keep_for_revocation(std::move(from), std::move(text), until);
    if (*ended == store::refresh_end::stored_beside) {
        cache_.mark_stale(from->user); // what the user has now is of another app
        co_return saved_refresh{};
    }
    saved_refresh done{nullptr, *ended == store::refresh_end::kept_as_candidate};
    if (done.held_by_another) co_return done;
    take_tokens(*out, std::move(text), out->version);
    cache_.put_written(out, noted);
    done.tokens = std::move(out);
    co_return done;
}

/// The user was disconnected while TikTok was asked, or has a newer grant. If the old pair waits to be
/// revoked, or was given up because TikTok refused it, only this one can do it now.
task<result<saved_refresh>> token_vault::keep_for_revocation(shared_tokens from, token_text text,
                                                             deadline until) {
    revocation pair;
    pair.record.user = from->user;
    pair.record.version = from->version;
    pair.record.app = app_;
    pair.record.account = from->account;
    pair.access_token = std::move(text.access_token);
    pair.refresh_token = std::move(text.refresh_token);
    pair.access_expires_at = text.access_expires_at;
    pair.refresh_expires_at = text.refresh_expires_at;
    const auto sealed = co_await seal_revocation(pair, until);
    if (!sealed) co_return sealed.error();
    const auto kept = co_await revocations_.renew(std::move(pair.record), wall_now(), until);
    if (!kept) co_return kept.error();
    co_return saved_refresh{};
}

task<result<bool>> token_vault::set_state(user_id user, std::uint64_t version, store::connection_state now_is,
                                          std::string cause, wall_time now, deadline until) {
    auto changed = co_await connections_.set_state(user, version, now_is, std::move(cause), now, until);
    cache_.mark_stale(user);
    co_return changed;
}

task<result<std::size_t>> token_vault::revoke(open_id account, wall_time happened_at, std::string cause,
                                              wall_time now, deadline until) {
    std::size_t count = 0;
    while (true) {
        const auto ended = co_await connections_.revoke(account, app_, happened_at, cause, now, until);
        if (!ended) co_return ended.error();
        for (const auto& user : *ended)
            cache_.drop(user);
        count += ended->size();
        if (ended->empty()) break;
    }
    const auto dropped = co_await proofs_.drop_of_account(std::move(account), app_, happened_at, until);
    if (!dropped) co_return dropped.error();
    co_return count;
}

} // namespace gateway::vault
