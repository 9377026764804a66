#include "vault/token_vault.hpp"

#include "base/digest.hpp"
#include "vault/token_vault_state.hpp"

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

std::optional<token_text> token_vault::state::open_pair(const store::connection_summary& record,
                                                        std::uint64_t version, std::string_view blob) {
    const auto plain = open(*ring(), name_of_pair(record.user, version), blob);
    if (!plain) return std::nullopt;
    ++opened;
    auto text = read_token_text(plain->reveal());
    // The other columns are not authenticated; the account inside the blob is.
    if (text && text->account != record.account.text()) return std::nullopt;
    return text;
}

std::string token_vault::state::seal_pair(const key_ring& keys, const store::connection_summary& record,
                                          const token_text& text) {
    ++sealed;
    const secret plain = write_token_text(text);
    return seal(keys, name_of_pair(record.user, record.version), plain.reveal());
}

task<result<shared_tokens>> token_vault::state::read(user_id user, deadline until) {
    const auto noted = cache.now(user);
    auto found = co_await connections.find(user, until);
    if (!found) co_return found.error();
    if (!*found) {
        cache.drop(user);
        co_return not_connected();
    }
    auto& record = **found;
    auto out = described(record, scopes);
    if (!record.sealed_tokens.empty()) {
        auto text = open_pair(record, record.version, record.sealed_tokens);
        if (!text) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs) {
                cache.drop(user); // the cached set is older than the unreadable record
                co_return failure{
                    errc::vault_unavailable,
                    "This user's tokens are sealed under a key that this replica does not have."};
            }
            co_return co_await repair(std::move(record), until);
        }
        take_tokens(*out, std::move(*text));
    }
    if (const auto before = cache.find_stale(user); before && before->version == out->version)
        out->accepted = before->accepted;
    cache.put_read(out, noted);
    co_return shared_tokens{out};
}

/// The record's tag is wrong (V04): tries the previous pair and stores the result for operators to see. The
/// damaged bytes are kept.
task<result<shared_tokens>> token_vault::state::repair(store::connection_summary record, deadline until) {
    ++damaged;
    const auto noted = cache.now(record.user);
    auto out = described(record, scopes);
    auto kept = co_await connections.kept_tokens(record.user, until);
    if (!kept) co_return kept.error();
    for (const auto& one : *kept) {
        auto text = open_pair(record, one.version, one.sealed_tokens);
        if (!text) continue;
        take_tokens(*out, std::move(*text));
        break;
    }
    if (out->state == store::connection_state::connected
        || out->state == store::connection_state::refresh_in_doubt) {
        out->state = out->access_token.empty() ? store::connection_state::reconnect_required
                                               : store::connection_state::refresh_in_doubt;
        out->cause = vault::damaged;
        auto noticed = co_await connections.set_state(record.user, record.version, out->state, out->cause,
                                                      wall_now(), until);
        if (!noticed) co_return noticed.error();
    }
    cache.put_read(out, noted);
    co_return shared_tokens{out};
}

token_vault::token_vault(store::connections& connections, store::refreshes& refreshes, store::sealed& sealed,
                         store::facts& facts, key_ring keys, std::size_t cached_users_max)
    : state_(
        std::make_unique<state>(connections, refreshes, sealed, facts, std::move(keys), cached_users_max)) {
    connections.listen(*state_);
}
token_vault::~token_vault() {
    state_->connections.stop_listening(*state_);
}

void token_vault::prefetch(const user_id& user) const {
    state_->cache.prefetch(user);
}

shared_tokens token_vault::cached(const user_id& user) const {
    return state_->cache.find(user);
}

task<result<shared_tokens>> token_vault::load(user_id user, deadline until) {
    auto& s = *state_;
    if (auto known = s.cache.find(user)) co_return known;
    auto unsure = s.cache.find_stale(user);
    if (!unsure) co_return co_await s.read(std::move(user), until);
    // A token that was read before stays usable while the store is away (V11), and only a few calls wait for
    // the store's timeout.
    const auto now = steady_now();
    if (now < s.away_until.load(std::memory_order_relaxed)) co_return unsure;
    auto there = co_await s.read(user, until.no_later_than(now + answer_within));
    const bool away = !there
                      && (there.error().code() == errc::vault_unavailable
                          || there.error().code() == errc::deadline_exceeded);
    if (!away) co_return there;
    unsure = s.cache.find_stale(user);
    if (!unsure) co_return there;
    s.away_until.store(steady_now() + ask_again_after, std::memory_order_relaxed);
    co_return unsure;
}

task<result<shared_tokens>> token_vault::load_again(user_id user, deadline until) {
    state_->cache.mark_stale(user);
    co_return co_await state_->read(std::move(user), until);
}

task<result<shared_tokens>> token_vault::save_grant(user_id user, fresh_tokens fresh, wall_time now,
                                                    deadline until, bool only_same_account) {
    auto& s = *state_;
    constexpr int tries_max = 8; // each lost race means that another call stored a grant or a refresh
    token_text text{std::move(fresh.access_token),
                    std::move(fresh.refresh_token),
                    fresh.account.text(),
                    fresh.scopes,
                    now,
                    now + fresh.access_lifetime,
                    now + fresh.refresh_lifetime};
    for (int tries = 0; tries < tries_max; ++tries) {
        const auto noted = s.cache.now(user);
        auto there = co_await s.connections.find_summary(user, until);
        if (!there) co_return there.error();
        std::uint64_t expected = 0, below = 0;
        if (*there) {
            if (only_same_account && (*there)->account != fresh.account) co_return shared_tokens{};
            expected = below = (*there)->version;
        } else {
            const auto floor = co_await s.connections.version_floor(until);
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
        const auto keys = co_await s.ring_to_seal(1, until);
        if (!keys) co_return keys.error();
        record.sealed_tokens = s.seal_pair(**keys, record, text);
        auto out = described(record, state_->scopes);
        const auto stored = co_await s.connections.put(std::move(record), expected, until);
        if (!stored) {
            s.cache.mark_stale(user); // it may have been stored all the same
            co_return stored.error();
        }
        if (!*stored) continue;
        take_tokens(*out, std::move(text));
        s.cache.put_written(out, noted);
        co_return shared_tokens{out};
    }
    co_return failure{errc::vault_unavailable,
                      "This user's connection is being changed by others; try again."};
}

task<result<saved_refresh>> token_vault::save_refreshed(store::lease held, shared_tokens from,
                                                        fresh_tokens fresh, wall_time now, deadline until) {
    auto& s = *state_;
    const auto noted = s.cache.now(from->user);
    auto there = co_await s.connections.find_summary(from->user, until);
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
    const auto keys = co_await s.ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    record.sealed_tokens = s.seal_pair(**keys, record, text);
    auto out = described(record, state_->scopes);
    const auto ended = co_await s.refreshes.finish(std::move(held), std::move(record), from->version, until);
    if (!ended) {
        s.cache.mark_stale(from->user);
        co_return ended.error();
    }
    if (*ended != store::refresh_end::stored) {
        saved_refresh not_stored{nullptr, *ended == store::refresh_end::kept_as_candidate};
        co_return not_stored;
    }
    take_tokens(*out, std::move(text));
    s.cache.put_written(out, noted);
    saved_refresh stored{out};
    co_return stored;
}

task<result<bool>> token_vault::set_state(user_id user, std::uint64_t version, store::connection_state now_is,
                                          std::string cause, wall_time now, deadline until) {
    auto changed =
        co_await state_->connections.set_state(user, version, now_is, std::move(cause), now, until);
    state_->cache.mark_stale(user);
    if (!changed) co_return changed.error();
    co_return *changed;
}

task<result<bool>> token_vault::revoke(user_id user, std::string cause, wall_time now, deadline until) {
    auto known = co_await state_->connections.revoke(user, std::move(cause), now, until);
    state_->written(user, known.has_value());
    if (!known) co_return known.error();
    co_return *known;
}

task<result<bool>> token_vault::forget(user_id user, deadline until) {
    auto known = co_await state_->connections.forget(user, until);
    state_->written(user, known.has_value());
    if (!known) co_return known.error();
    co_return *known;
}

task<result<std::string>> token_vault::seal_verifier(std::string state_hash, secret verifier,
                                                     deadline until) {
    const auto keys = co_await state_->ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++state_->sealed;
    const std::string owner = to_hex(state_hash);
    co_return seal(**keys, {"verifier", owner, 0}, verifier.reveal());
}

std::optional<secret> token_vault::open_verifier(std::string_view state_hash, std::string_view blob) {
    const std::string owner = to_hex(state_hash);
    auto plain = open(*state_->ring(), {"verifier", owner, 0}, blob);
    if (!plain) return std::nullopt;
    ++state_->opened;
    return std::move(*plain);
}

vault_counts token_vault::counts() const {
    return {state_->opened.load(), state_->sealed.load(), state_->damaged.load()};
}

} // namespace gateway::vault
