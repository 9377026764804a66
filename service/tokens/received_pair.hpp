// A pair that TikTok gave for a refresh token and that is not a connection yet. TikTok has ended the token
// that it was sent, so this is the only copy: nothing here fails because memory has run out. No state; on the
// caller's worker.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "runtime/task.hpp"
#include "tiktok/oauth_answers.hpp"
#include "vault/token_set.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace gateway::vault {
class token_vault;
}

namespace gateway::tokens {

/// A copy of the pair. The last three count where the answer is silent; `sent`: the refresh token.
vault::fresh_tokens tokens_of(const tiktok::token_answer& answer, const secret& sent, std::string_view scopes,
                              milliseconds refresh_lifetime);

/// Like pause_until(), between tries to store a pair.
task<void> pause_surely(deadline until);

/// The name under which the pair for this refresh token is kept.
std::string import_hash(const secret& refresh_token);

/// How long such a pair is tried to be stored; shorter while the service ends (app/drain.cpp).
milliseconds time_to_keep(bool is_draining);

/// Keeps the pair as if an import had sent this refresh token: whoever brings it with the right account gets
/// the pair, and if nobody does, it is revoked. Tries again until it is stored, for at most retry_for(),
/// while a copy is on the disk (vault/pair_spool.hpp). An exception is like a store that does not answer.
/// `pair` must outlive it.
task<result<void>> keep_for_import(vault::token_vault& vault, const secret& sent,
                                   const vault::fresh_tokens& pair, std::function<milliseconds()> retry_for);

} // namespace gateway::tokens
