#include "vault/token_cache.hpp"

#include <functional>

namespace gateway::vault {

shared_tokens token_cache::find(const user_id& user) const {
    const auto touch = feed_epoch_.load(std::memory_order_acquire);
    if (touch == lost) return nullptr;
    const auto at = shards_.locked(user);
    const auto* const found = at.find();
    return found && found->touch == touch ? found->tokens : nullptr;
}

shared_tokens token_cache::find_stale(const user_id& user) const {
    const auto at = shards_.locked(user);
    const auto* const found = at.find();
    return found ? found->tokens : nullptr;
}

token_cache::moment token_cache::now(const user_id& user) const {
    const auto touch = feed_epoch_.load(std::memory_order_acquire);
    const auto at = shards_.locked(user);
    const auto* const found = at.find();
    return {at.home.generation, at.home.heard, found ? found->newest_version : 0, touch,
            found ? found->account : 0};
}

void token_cache::put_read(const shared_tokens& tokens, moment noted) {
    const auto at = shards_.locked(tokens->user);
    if (at.home.generation == noted.generation) put(at, tokens, noted.touch);
}

void token_cache::put_written(const shared_tokens& tokens, moment noted) {
    const auto at = shards_.locked(tokens->user);
    ++at.home.generation;
    // Two writes may return from the store in any order; the later version stays.
    const auto* const found = at.find();
    const bool later = !found || found->newest_version < tokens->version
                       || (found->newest_version == tokens->version && !found->tokens);
    if (!later) return;
    // If another replica wrote meanwhile, its version may be the newer one, as may be a row that was read and
    // did not open.
    const bool has_higher = found && found->tokens && found->tokens->version >= tokens->version;
    put(at, tokens, at.home.heard == noted.heard && !has_higher ? noted.touch : lost);
}

void token_cache::mark_stale(const user_id& user) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    if (auto* const found = at.find()) found->touch = lost;
}

void token_cache::drop(const user_id& user) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    if (auto* const found = at.find()) found->tokens.reset();
}

void token_cache::changed_elsewhere(const user_id& user, std::uint64_t version) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    ++at.home.heard;
    auto* const found = at.find();
    if (!found) return;
    found->touch = lost;
    if (version == 0 || (found->tokens && found->tokens->version < version)) found->tokens.reset();
}

void token_cache::feed_connected(bool is) {
    feed_epoch_.store(is ? ++touches_ : lost, std::memory_order_release);
}

/// Only what is sealed with the tokens is remembered. Nothing of another app's row is authenticated here, and
/// its versions are not those of this app's pairs.
void token_cache::put(const place& at, const shared_tokens& tokens, std::uint32_t touch) {
    auto* const found = at.find();
    auto& one = found ? *found : make_place(at);
    one.tokens = tokens;
    one.touch = touch;
    if (tokens->sealed_version == 0 || tokens->sealed_version < one.newest_version) return;
    one.newest_version = tokens->sealed_version;
    one.account = mark_of(tokens->account);
}

token_cache::entry& token_cache::make_place(const place& at) {
    // An empty shard accepts its first user even above the bound, and concurrent workers may exceed the bound
    // by one each.
    if (users_.load(std::memory_order_relaxed) >= users_max_ && at.home.users.size() > 0)
        at.home.users.push_out(at.home.next_out); // the removed user is read from the store again
    else
        users_.fetch_add(1, std::memory_order_relaxed);
    return at.add();
}

/// Enough to tell the few accounts of one user from each other, none of which somebody can choose.
std::uint32_t token_cache::mark_of(const open_id& account) {
    const std::uint64_t hash = std::hash<open_id>{}(account);
    const auto mark = static_cast<std::uint32_t>(hash ^ (hash >> 32U));
    return mark == 0 ? 1 : mark;
}

} // namespace gateway::vault
