// Pairs that belong to no connection (token_vault.hpp): of imports that are not complete, and of grants that
// are to be ended at TikTok.
#include "base/digest.hpp"
#include "store/pending_grants.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

record_name name_of_import(std::string_view hash_text, std::string_view app) {
    return {"import_proof", hash_text, 0, app};
}

record_name name_of(const store::revocation_record& record) {
    return {"revocation", record.account.text(), record.version, record.app};
}

/// What is left of a lifetime; one millisecond at least, because zero means "as before".
milliseconds left_of(wall_time end, wall_time now) {
    return std::max(end - now, milliseconds{1});
}

/// 1, 4, 16, 64 and 256 minutes, then 12 hours: eight tries take 30 hours.
milliseconds pause_after(std::uint32_t tries) {
    constexpr milliseconds first = std::chrono::minutes{1}, longest = std::chrono::hours{12};
    return tries > 5 ? longest : std::min(first * (1 << (2 * tries)), longest);
}

std::optional<token_text> open_import(const key_ring& keys, const store::import_proof_record& record) {
    const std::string owner = to_hex(record.refresh_hash);
    const auto plain = open(keys, name_of_import(owner, record.app), record.sealed_tokens);
    return plain ? read_token_text(plain->reveal()) : std::nullopt;
}

fresh_tokens tokens_of(token_text text, wall_time now) {
    fresh_tokens out;
    out.access_token = std::move(text.access_token);
    out.refresh_token = std::move(text.refresh_token);
    out.account = open_id::trusted(std::move(text.account)); // the authenticated one
    out.scopes = std::move(text.scopes);
    out.access_lifetime = left_of(text.access_expires_at, now);
    out.refresh_lifetime = left_of(text.refresh_expires_at, now);
    return out;
}

} // namespace

task<result<void>> token_vault::keep_import(std::string refresh_hash, const fresh_tokens& got, wall_time now,
                                            deadline until) {
    const token_text text{
        got.access_token.copy(),   got.refresh_token.copy(),  got.account.text(), got.scopes, now,
        now + got.access_lifetime, now + got.refresh_lifetime};
    const secret plain = write_token_text(text);
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    ++sealed_;
    const std::string owner = to_hex(refresh_hash);
    store::import_proof_record record{std::move(refresh_hash),        app_, got.account, {},
                                      now + store::import_proof_time, {}};
    record.sealed_tokens = seal(**keys, name_of_import(owner, app_), plain.reveal());
    co_return co_await proofs_.put(std::move(record), until);
}

task<result<std::optional<import_proof>>> token_vault::find_import(std::string refresh_hash, wall_time now,
                                                                   deadline until) {
    const auto found = co_await proofs_.find(std::move(refresh_hash), app_, now, until);
    if (!found) co_return found.error();
    std::optional<import_proof> out;
    if (!*found) co_return out;
    const auto& record = **found;
    import_proof proof;
    proof.user = record.user;
    proof.tokens.account = record.account;
    if (record.user.empty()) {
        auto text = open_import(*ring(), record);
        if (!text) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs)
                co_return failure{
                    errc::vault_unavailable,
                    "This import's pair is sealed under a key that this replica does not have."};
            ++damaged_; // TikTok is asked again
            co_return out;
        }
        ++opened_;
        proof.tokens = tokens_of(std::move(*text), now);
    }
    out = std::move(proof);
    co_return out;
}

std::string token_vault::seal_revocation(const key_ring& keys, const revocation& what) {
    ++sealed_;
    const token_text text{what.access_token.copy(), what.refresh_token.copy(), what.record.account.text(), {},
                          what.record.next_at,      what.access_expires_at,    what.refresh_expires_at};
    const secret plain = write_token_text(text);
    return seal(keys, name_of(what.record), plain.reveal());
}

std::optional<revocation> token_vault::open_revocation(const store::revocation_record& record) {
    const auto plain = open(*ring(), name_of(record), record.sealed_tokens);
    auto text = plain ? read_token_text(plain->reveal()) : std::nullopt;
    if (!text) return std::nullopt;
    ++opened_;
    return revocation{record, std::move(text->access_token), std::move(text->refresh_token),
                      text->access_expires_at, text->refresh_expires_at};
}

task<result<ended_connection>> token_vault::end(shared_tokens seen, bool revocable, wall_time now,
                                                wall_time try_until, deadline until) {
    revocation pair;
    pair.record.user = seen->user;
    pair.record.version = seen->version;
    pair.record.app = app_;
    pair.record.account = seen->account;
    pair.record.tries = 1;
    pair.record.next_at = try_until;
    if (revocable) {
        pair.access_token = seen->access_token.copy();
        pair.refresh_token = seen->refresh_token.copy();
        pair.access_expires_at = seen->access_expires_at;
        pair.refresh_expires_at = seen->refresh_expires_at;
        const auto keys = co_await ring_to_seal(1, until);
        if (!keys) co_return keys.error();
        pair.record.sealed_tokens = seal_revocation(**keys, pair);
    }
    const auto ended = co_await connections_.end(seen->user, seen->version, pair.record, now, until);
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

task<result<revocation>> token_vault::seal_for_revocation(fresh_tokens tokens, wall_time now,
                                                          deadline until) {
    revocation pair;
    pair.record.app = app_;
    pair.record.account = std::move(tokens.account);
    pair.record.next_at = now;
    pair.access_token = std::move(tokens.access_token);
    pair.refresh_token = std::move(tokens.refresh_token);
    pair.access_expires_at = now + tokens.access_lifetime;
    pair.refresh_expires_at = now + tokens.refresh_lifetime;
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    pair.record.sealed_tokens = seal_revocation(**keys, pair);
    co_return std::move(pair);
}

task<result<void>> token_vault::give_up(fresh_tokens tokens, wall_time now, deadline until) {
    auto pair = co_await seal_for_revocation(std::move(tokens), now, until);
    if (!pair) co_return pair.error();
    co_return co_await revocations_.put(std::move(pair->record), now, until);
}

task<result<bool>> token_vault::give_up(const store::pending_grant_record& seen, fresh_tokens tokens,
                                        wall_time now, deadline until) {
    auto pair = co_await seal_for_revocation(std::move(tokens), now, until);
    if (!pair) co_return pair.error();
    co_return co_await revocations_.put_in_place_of(seen, std::move(pair->record), now, until);
}

task<result<std::size_t>> token_vault::give_up_old_imports(wall_time now, deadline until) {
    constexpr std::uint32_t looked_at = 100;
    const auto due = co_await proofs_.due(app_, now, looked_at, until);
    if (!due) co_return due.error();
    std::size_t count = 0;
    for (const auto& record : *due) {
        auto text = open_import(*ring(), record);
        if (!text) continue; // damaged, or of another replica's key: deleted a day later
        ++opened_;
        auto pair = co_await seal_for_revocation(tokens_of(std::move(*text), now), now, until);
        if (!pair) co_return pair.error();
        const auto first = co_await revocations_.put_in_place_of(record, std::move(pair->record), now, until);
        if (!first) co_return first.error();
        if (*first) ++count;
    }
    co_return count;
}

task<result<std::optional<revocation>>> token_vault::take_revocation(wall_time now, deadline until) {
    constexpr std::uint32_t looked_at = 20;
    std::optional<revocation> out;
    auto due = co_await revocations_.due(app_, now, looked_at, until);
    if (!due) co_return due.error();
    for (const auto& record : *due) {
        auto pair = open_revocation(record);
        if (!pair) {
            const auto theirs = co_await under_a_key_of_others(record.sealed_tokens, until);
            if (!theirs) co_return theirs.error();
            if (*theirs) continue; // only a replica that has the key can try it
        }
        const auto claimed = co_await revocations_.claim(record, now, now + pause_after(record.tries), until);
        if (!claimed) co_return claimed.error();
        if (!*claimed) continue;
        const auto tries = record.tries + 1;
        if (pair) {
            pair->record.tries = tries;
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

task<result<bool>> token_vault::keep_revocation(revocation& what, deadline until) {
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    std::string anew = seal_revocation(**keys, what);
    auto kept = co_await revocations_.replace(what.record, anew, until);
    if (kept && *kept) what.record.sealed_tokens = std::move(anew);
    co_return kept;
}

task<result<bool>> token_vault::is_wanted(const revocation& what, deadline until) {
    return revocations_.is_there(what.record.number, what.record.account, until);
}

task<result<void>> token_vault::drop_revocation(const revocation& what, deadline until) {
    return revocations_.remove(what.record, until);
}

} // namespace gateway::vault
