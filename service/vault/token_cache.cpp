#include "vault/token_cache.hpp"

#include <iterator>

namespace gateway::vault {

token_cache::shard& token_cache::shard_of(const hashed_user& user) const {
    return shards_[user.hash % shard_count];
}

shared_tokens token_cache::find(const user_id& user) const {
    const auto touch = touch_.load(std::memory_order_acquire);
    if (touch == lost) return nullptr;
    const hashed_user wanted(user);
    const auto& in = shard_of(wanted);
    const std::lock_guard lock(in.lock);
    const auto found = in.sets.find(wanted);
    return found == in.sets.end() || found->second.touch != touch ? nullptr : found->second.tokens;
}

shared_tokens token_cache::find_unsure(const user_id& user) const {
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    const auto found = in.sets.find(user);
    return found == in.sets.end() ? nullptr : found->second.tokens;
}

token_cache::moment token_cache::now(const user_id& user) const {
    const auto touch = touch_.load(std::memory_order_acquire);
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    return {in.generation, in.heard, touch};
}

void token_cache::put_read(const shared_tokens& tokens, moment noted) {
    auto& in = shard_of(tokens->user);
    const std::lock_guard lock(in.lock);
    if (in.generation == noted.generation) put(in, tokens, noted.touch);
}

void token_cache::put_written(const shared_tokens& tokens, moment noted) {
    auto& in = shard_of(tokens->user);
    const std::lock_guard lock(in.lock);
    // What another replica wrote meanwhile may be the later one.
    const auto touch = in.heard == noted.heard ? noted.touch : lost;
    ++in.generation;
    const auto found = in.sets.find(tokens->user);
    // Two writers come back from the store in any order; the later version stays.
    if (found == in.sets.end() || found->second.tokens->version < tokens->version) put(in, tokens, touch);
}

void token_cache::doubt(const user_id& user) {
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    if (const auto found = in.sets.find(user); found != in.sets.end()) found->second.touch = lost;
}

void token_cache::drop(const user_id& user) {
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    forget(in, user);
}

void token_cache::changed_elsewhere(const user_id& user, std::uint64_t version) {
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    ++in.heard;
    const auto found = in.sets.find(user);
    if (found == in.sets.end()) return;
    if (version == 0 || found->second.tokens->version < version)
        forget(in, user);
    else
        found->second.touch = lost;
}

void token_cache::in_touch(bool is) {
    touch_.store(is ? ++touches_ : lost, std::memory_order_release);
}

/// Whoever is pushed out is read from the store again. In turn: begin() would be who came last, and those who
/// are asked for now would push each other out for ever.
void token_cache::shard::push_out() {
    auto out = sets.find(next_out);
    if (out == sets.end()) out = sets.begin();
    const auto follows = std::next(out);
    next_out = follows == sets.end() ? user_id{} : follows->first;
    sets.erase(out);
}

void token_cache::put(shard& into, const shared_tokens& tokens, std::uint64_t touch) {
    const entry made{tokens, touch};
    if (const auto found = into.sets.find(tokens->user); found != into.sets.end()) {
        found->second = made;
        return;
    }
    // A shard that has nobody yet takes its first over the bound, and workers at it at once may pass it by
    // one each.
    if (users_.load(std::memory_order_relaxed) >= users_max_ && !into.sets.empty())
        into.push_out();
    else
        users_.fetch_add(1, std::memory_order_relaxed);
    into.sets.emplace(tokens->user, made);
}

void token_cache::forget(shard& in, const user_id& user) {
    if (in.sets.erase(user) > 0) users_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace gateway::vault
