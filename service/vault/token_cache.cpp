#include "vault/token_cache.hpp"

#include <algorithm>

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
    return {at.home.generation, at.home.heard, touch, found ? found->newest_version : 0};
}

void token_cache::put_read(const shared_tokens& tokens, moment noted) {
    const auto at = shards_.locked(tokens->user);
    if (at.home.generation == noted.generation) put(at, tokens, noted.touch);
}

void token_cache::put_written(const shared_tokens& tokens, moment noted) {
    const auto at = shards_.locked(tokens->user);
    // If another replica wrote meanwhile, its version may be the newer one.
    const auto touch = at.home.heard == noted.heard ? noted.touch : lost;
    ++at.home.generation;
    // Two writes may return from the store in any order; the later version stays.
    const auto* const found = at.find();
    if (!found || !found->tokens || found->tokens->version < tokens->version) put(at, tokens, touch);
}

void token_cache::mark_stale(const user_id& user) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    if (auto* const found = at.find()) found->touch = lost;
}

void token_cache::drop(const user_id& user) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    forget(at);
}

void token_cache::changed_elsewhere(const user_id& user, std::uint64_t version) {
    const auto at = shards_.locked(user);
    ++at.home.generation;
    ++at.home.heard;
    auto* const found = at.find();
    if (!found) return;
    if (version == 0) return forget(at);
    found->touch = lost;
    if (found->tokens && found->tokens->version < version) found->tokens.reset();
}

void token_cache::feed_connected(bool is) {
    feed_epoch_.store(is ? ++touches_ : lost, std::memory_order_release);
}

void token_cache::put(const place& at, const shared_tokens& tokens, std::uint64_t touch) {
    if (auto* const found = at.find()) {
        found->tokens = tokens;
        found->touch = touch;
        found->newest_version = std::max(found->newest_version, tokens->version);
        return;
    }
    // An empty shard accepts its first user even above the bound, and concurrent workers may exceed the bound
    // by one each.
    if (users_.load(std::memory_order_relaxed) >= users_max_ && at.home.users.size() > 0)
        at.home.users.push_out(at.home.next_out); // the removed user is read from the store again
    else
        users_.fetch_add(1, std::memory_order_relaxed);
    auto& made = at.add();
    made.tokens = tokens;
    made.touch = touch;
    made.newest_version = tokens->version;
}

void token_cache::forget(const place& at) {
    const auto* const found = at.find();
    if (!found) return;
    at.home.users.erase(*found);
    users_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace gateway::vault
