// Pairs of imports that are not complete (token_vault.hpp).
#include "base/digest.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

record_name name_of_import(std::string_view hash_text, std::string_view app) {
    return {"import_proof", hash_text, 0, app};
}

/// What is left of a lifetime; one millisecond at least, because zero means "as before".
milliseconds left_of(wall_time end, wall_time now) {
    return std::max(end - now, milliseconds{1});
}

std::optional<token_text> open_import(const key_ring& keys, const store::import_proof_record& record) {
    const std::string owner = to_hex(record.refresh_hash);
    const auto plain = open(keys, name_of_import(owner, record.app), record.sealed_tokens);
    return plain ? read_token_text(plain->reveal()) : std::nullopt;
}

/// Lifetimes count from `text.received_at`.
fresh_tokens tokens_of(token_text text) {
    fresh_tokens out;
    out.access_token = std::move(text.access_token);
    out.refresh_token = std::move(text.refresh_token);
    out.account = open_id::trusted(std::move(text.account)); // the authenticated one
    out.scopes = std::move(text.scopes);
    out.access_lifetime = left_of(text.access_expires_at, text.received_at);
    out.refresh_lifetime = left_of(text.refresh_expires_at, text.received_at);
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
    store::import_proof_record record;
    record.refresh_hash = std::move(refresh_hash);
    record.app = app_;
    record.account = got.account;
    record.granted_at = got.granted_at.value_or(now);
    record.expires_at = now + store::import_proof_time;
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
            const auto unopened =
                co_await note_unopened(record.sealed_tokens, "This import's pair is", until);
            if (!unopened) co_return unopened.error();
            co_return out; // TikTok is asked again
        }
        ++opened_;
        proof.received_at = text->received_at;
        proof.tokens = tokens_of(std::move(*text));
        proof.tokens.granted_at = record.granted_at;
    }
    out = std::move(proof);
    co_return out;
}

/// `false`: it does not open, or is not as it was seen any more.
task<result<bool>> token_vault::give_up_import(const store::import_proof_record& seen, wall_time now,
                                               deadline until) {
    auto text = open_import(*ring(), seen);
    if (!text) co_return false;
    ++opened_;
    const auto received_at = text->received_at;
    auto pair = co_await seal_for_revocation(seen.app, tokens_of(std::move(*text)), received_at, until);
    if (!pair) co_return pair.error();
    co_return co_await revocations_.put_in_place_of(seen, std::move(pair->record), now, until);
}

task<result<void>> token_vault::give_up_import(std::string refresh_hash, wall_time now, deadline until) {
    const auto found = co_await proofs_.find(std::move(refresh_hash), app_, now, until);
    if (!found) co_return found.error();
    if (!*found || !(*found)->user.empty()) co_return result<void>{};
    const auto given_up = co_await give_up_import(**found, now, until);
    if (!given_up) co_return given_up.error();
    co_return result<void>{};
}

task<result<std::size_t>> token_vault::give_up_old_imports(wall_time now, deadline until) {
    constexpr std::uint32_t looked_at = 100;
    const auto due = co_await proofs_.due(now, looked_at, until);
    if (!due) co_return due.error();
    std::size_t count = 0;
    for (const auto& record : *due) {
        // One that is damaged, or of another replica's key, is deleted a day later.
        const auto given_up = co_await give_up_import(record, now, until);
        if (!given_up) co_return given_up.error();
        if (*given_up) ++count;
    }
    co_return count;
}

} // namespace gateway::vault
