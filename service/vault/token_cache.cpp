#include "vault/token_cache.hpp"

namespace gateway::vault {

token_cache::shard& token_cache::shard_of(const user_id& user) const {
    return shards_[std::hash<user_id>{}(user) % shard_count];
}

shared_tokens token_cache::find(const user_id& user) const {
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    const auto found = in.sets.find(user);
    return found == in.sets.end() ? nullptr : found->second;
}

std::uint64_t token_cache::generation(const user_id& user) const {
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    return in.generation;
}

void token_cache::put_read(const shared_tokens& tokens, std::uint64_t noted) {
    auto& in = shard_of(tokens->user);
    const std::lock_guard lock(in.lock);
    if (in.generation == noted) put(in, tokens);
}

void token_cache::put_written(const shared_tokens& tokens) {
    auto& in = shard_of(tokens->user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    const auto found = in.sets.find(tokens->user);
    // Two writers come back from the store in any order; the later version stays.
    if (found == in.sets.end() || found->second->version < tokens->version) put(in, tokens);
}

void token_cache::drop(const user_id& user) {
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    in.sets.erase(user);
}

void token_cache::put(shard& into, const shared_tokens& tokens) {
    // Whoever is pushed out is read from the store again; which one that is does not matter much.
    if (into.sets.size() >= users_per_shard_max_ && !into.sets.contains(tokens->user))
        into.sets.erase(into.sets.begin());
    into.sets[tokens->user] = tokens;
}

} // namespace gateway::vault
