#include "vault/token_vault.hpp"

#include "base/digest.hpp"
#include "vault/sealing.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

constexpr std::string_view damaged = "sealed_record_damaged";
constexpr milliseconds answer_within{500}; // for a read that only confirms the cached set
constexpr milliseconds ask_again_after{1'000};

failure not_connected() {
    return failure{errc::user_not_connected, "This user has no TikTok connection."};
}

/// A set without the tokens.
std::shared_ptr<token_set> described(const store::connection_summary& record, scope_lists& lists) {
    auto out = std::make_shared<token_set>();
    out->user = record.user;
    out->account = record.account;
    out->granted = lists.of(record.scopes);
    out->version = record.version;
    out->state = record.state;
    out->cause = record.cause;
    out->connected_at = record.connected_at;
    out->received_at = record.updated_at;
    out->access_expires_at = record.access_expires_at;
    out->refresh_expires_at = record.refresh_expires_at;
    return out;
}

void take_tokens(token_set& into, token_text&& text) {
    into.access_token = std::move(text.access_token);
    into.refresh_token = std::move(text.refresh_token);
    into.received_at = text.received_at;
    into.access_expires_at = text.access_expires_at;
    into.refresh_expires_at = text.refresh_expires_at;
    into.forced_in_a_row = text.forced_in_a_row;
}

} // namespace

std::optional<token_text> token_vault::open_pair(const store::connection_summary& record,
                                                 std::uint64_t version, std::string_view blob) {
    const auto plain = open(*ring(), name_of_pair(record.user, version), blob);
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
    return seal(keys, name_of_pair(record.user, record.version), plain.reveal());
}

task<result<shared_tokens>> token_vault::read(user_id user, deadline until) {
    const auto noted = cache_.now(user);
    auto found = co_await connections_.find(user, until);
    if (!found) co_return found.error();
    if (!*found) {
        cache_.drop(user);
        co_return not_connected();
    }
    auto& record = **found;
    auto out = described(record, scopes_);
    if (!record.sealed_tokens.empty()) {
        auto text = open_pair(record, record.version, record.sealed_tokens);
        if (!text) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs) {
                cache_.drop(user); // the cached set is older than the unreadable record
                co_return failure{
                    errc::vault_unavailable,
                    "This user's tokens are sealed under a key that this replica does not have."};
            }
            co_return co_await repair(std::move(record), until);
        }
        take_tokens(*out, std::move(*text));
    }
    if (const auto before = cache_.find_stale(user); before && before->version == out->version)
        out->accepted = before->accepted;
    cache_.put_read(out, noted);
    co_return shared_tokens{out};
}

/// The record's tag is wrong (V04): tries the previous pair and stores the result for operators to see. The
/// damaged bytes are kept.
task<result<shared_tokens>> token_vault::repair(store::connection_summary record, deadline until) {
    ++damaged_;
    const auto noted = cache_.now(record.user);
    auto out = described(record, scopes_);
    auto kept = co_await connections_.kept_tokens(record.user, until);
    if (!kept) co_return kept.error();
    for (const auto& one : *kept) {
        auto text = open_pair(record, one.version, one.sealed_tokens);
        if (!text) continue;
        take_tokens(*out, std::move(*text));
        break;
    }
    if (!out->is_over()) {
        out->state = out->access_token.empty() ? store::connection_state::reconnect_required
                                               : store::connection_state::refresh_in_doubt;
        out->cause = damaged;
        auto noticed = co_await connections_.set_state(record.user, record.version, out->state, out->cause,
                                                       wall_now(), until);
        if (!noticed) co_return noticed.error();
    }
    cache_.put_read(out, noted);
    co_return shared_tokens{out};
}

token_vault::token_vault(store::connections& connections, store::refreshes& refreshes, store::sealed& sealed,
                         store::facts& facts, key_ring keys, std::size_t cached_users_max)
    : connections_(connections),
      refreshes_(refreshes),
      sealed_values_(sealed),
      facts_(facts),
      cache_(cached_users_max),
      uses_(facts),
      ring_(std::make_shared<const key_ring>(std::move(keys))) {
    connections_.listen(*this);
}

token_vault::~token_vault() {
    connections_.stop_listening(*this);
}

task<result<shared_tokens>> token_vault::load(user_id user, deadline until) {
    if (auto known = cache_.find(user)) co_return known;
    auto unsure = cache_.find_stale(user);
    if (!unsure) co_return co_await read(std::move(user), until);
    // A token that was read before stays usable while the store is away (V11), and only a few calls wait for
    // the store's timeout.
    const auto now = steady_now();
    if (now < away_until_.load(std::memory_order_relaxed)) co_return unsure;
    auto there = co_await read(user, until.no_later_than(now + answer_within));
    const bool away = !there
                      && (there.error().code() == errc::vault_unavailable
                          || there.error().code() == errc::deadline_exceeded);
    if (!away) co_return there;
    unsure = cache_.find_stale(user);
    if (!unsure) co_return there;
    away_until_.store(steady_now() + ask_again_after, std::memory_order_relaxed);
    co_return unsure;
}

task<result<shared_tokens>> token_vault::load_again(user_id user, deadline until) {
    cache_.mark_stale(user);
    co_return co_await read(std::move(user), until);
}

task<result<shared_tokens>> token_vault::save_grant(user_id user, fresh_tokens fresh, wall_time now,
                                                    deadline until, bool only_same_account) {
    constexpr int tries_max = 8; // each lost race means that another call stored a grant or a refresh
    token_text text{std::move(fresh.access_token),
                    std::move(fresh.refresh_token),
                    fresh.account.text(),
                    fresh.scopes,
                    now,
                    now + fresh.access_lifetime,
                    now + fresh.refresh_lifetime};
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto noted = cache_.now(user);
        auto there = co_await connections_.find_summary(user, until);
        if (!there) co_return there.error();
        std::uint64_t expected = 0, below = 0;
        if (*there) {
            if (only_same_account && (*there)->account != fresh.account) co_return shared_tokens{};
            expected = below = (*there)->version;
        } else {
            const auto floor = co_await connections_.version_floor(until);
            if (!floor) co_return floor.error();
            below = *floor;
        }
        store::connection_record record;
        record.user = user;
        record.account = fresh.account;
        record.scopes = fresh.scopes;
        record.version = below + 1;
        record.access_expires_at = text.access_expires_at;
        record.refresh_expires_at = text.refresh_expires_at;
        record.connected_at = record.updated_at = now;
        const auto keys = co_await ring_to_seal(1, until);
        if (!keys) co_return keys.error();
        record.sealed_tokens = seal_pair(**keys, record, text);
        auto out = described(record, scopes_);
        const auto stored = co_await connections_.put(std::move(record), expected, until);
        if (!stored) {
            cache_.mark_stale(user); // it may have been stored all the same
            co_return stored.error();
        }
        if (!*stored) continue;
        take_tokens(*out, std::move(text));
        cache_.put_written(out, noted);
        co_return shared_tokens{out};
    }
    co_return failure{errc::vault_unavailable,
                      "This user's connection is being changed by others; try again."};
}

task<result<saved_refresh>> token_vault::save_refreshed(store::lease held, shared_tokens from,
                                                        fresh_tokens fresh, wall_time now, deadline until) {
    const auto noted = cache_.now(from->user);
    auto there = co_await connections_.find_summary(from->user, until);
    if (!there) co_return there.error();
    if (!*there || (*there)->version != from->version) co_return saved_refresh{};
    store::connection_record record{std::move(**there), {}};
    record.version = from->version + 1;
    record.state = store::connection_state::connected;
    record.cause.clear();
    if (!fresh.scopes.empty()) record.scopes = fresh.scopes;
    // Later than the login, even if another replica with a clock ahead of ours received that: the difference
    // marks a pair as coming from a refresh, which some of TikTok's servers may not accept yet (Q02).
    const wall_time received = std::max(now, record.connected_at + milliseconds{1});
    // An empty value never overwrites a good one (T09).
    token_text text{
        std::move(fresh.access_token),
        fresh.refresh_token.empty() ? from->refresh_token.copy() : std::move(fresh.refresh_token),
        record.account.text(),
        record.scopes,
        received,
        now + fresh.access_lifetime,
        fresh.refresh_lifetime.count() > 0 ? now + fresh.refresh_lifetime : from->refresh_expires_at,
        fresh.forced_in_a_row};
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
    if (*ended != store::refresh_end::stored) {
        saved_refresh not_stored{nullptr, *ended == store::refresh_end::kept_as_candidate};
        co_return not_stored;
    }
    take_tokens(*out, std::move(text));
    cache_.put_written(out, noted);
    saved_refresh stored{out};
    co_return stored;
}

task<result<bool>> token_vault::set_state(user_id user, std::uint64_t version, store::connection_state now_is,
                                          std::string cause, wall_time now, deadline until) {
    auto changed = co_await connections_.set_state(user, version, now_is, std::move(cause), now, until);
    cache_.mark_stale(user);
    co_return changed;
}

task<result<bool>> token_vault::revoke(user_id user, std::string cause, wall_time now, deadline until) {
    auto known = co_await connections_.revoke(user, std::move(cause), now, until);
    known ? cache_.drop(user) : cache_.mark_stale(user); // it may have ended all the same
    co_return known;
}

task<result<bool>> token_vault::forget(user_id user, deadline until) {
    auto known = co_await connections_.forget(user, until);
    known ? cache_.drop(user) : cache_.mark_stale(user); // it may have ended all the same
    co_return known;
}

task<result<std::string>> token_vault::seal_verifier(std::string state_hash, secret verifier,
                                                     deadline until) {
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++sealed_;
    const std::string owner = to_hex(state_hash);
    co_return seal(**keys, {"verifier", owner, 0}, verifier.reveal());
}

std::optional<secret> token_vault::open_verifier(std::string_view state_hash, std::string_view blob) {
    const std::string owner = to_hex(state_hash);
    auto plain = open(*ring(), {"verifier", owner, 0}, blob);
    if (!plain) return std::nullopt;
    ++opened_;
    return std::move(*plain);
}

} // namespace gateway::vault
