#include "store/sqlite/post_memory.hpp"

#include <algorithm>
#include <functional>

namespace gateway::store {

post_memory::shard& post_memory::shard_of(const user_id& user) const {
    return shards_[std::hash<user_id>{}(user) % shard_count];
}

std::optional<post_memory::found> post_memory::find(const user_id& user, const publish_id& id) const {
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    const auto of_user = in.users.find(user);
    if (of_user == in.users.end()) return std::nullopt;
    for (const auto& each : of_user->second)
        if (each.id == id)
            return std::optional<found>{std::in_place, each.said}; // an optional in an optional
    return std::nullopt;
}

std::uint64_t post_memory::now(const user_id& user) const {
    const auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    return in.generation;
}

void post_memory::put(const user_id& user, const publish_id& id, const found& said, std::uint64_t noted) {
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    if (in.generation != noted) return;
    // A full shard begins anew: those who still ask are back at once, and those who do not make room.
    if (in.users.size() >= users_per_shard_max && !in.users.contains(user)) in.users.clear();
    auto& posts = in.users[user];
    std::erase_if(posts, [&id](const known& each) { return each.id == id; });
    if (posts.size() >= posts_per_user_max) posts.erase(posts.begin()); // the one that came first
    posts.push_back({id, said});
}

void post_memory::forget(const user_id& user) {
    if (user.empty()) return forget_all();
    auto& in = shard_of(user);
    const std::lock_guard lock(in.lock);
    ++in.generation;
    in.users.erase(user);
}

void post_memory::forget_all() {
    for (auto& in : shards_) {
        const std::lock_guard lock(in.lock);
        ++in.generation;
        in.users.clear();
    }
}

} // namespace gateway::store
