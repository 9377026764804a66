#include "store/sqlite/post_memory.hpp"

namespace gateway::store {

std::optional<post_memory::found> post_memory::find(const user_id& user, const publish_id& id) const {
    const place_of at(*this, user);
    const std::lock_guard lock(at.home.lock);
    const auto* const of_user = at.find();
    if (!of_user) return std::nullopt;
    for (const auto& each : of_user->posts)
        if (each.id == id)
            return std::optional<found>{std::in_place, each.said}; // an optional in an optional
    return std::nullopt;
}

std::uint64_t post_memory::now(const user_id& user) const {
    const place_of at(*this, user);
    const std::lock_guard lock(at.home.lock);
    return at.home.generation;
}

void post_memory::put(const user_id& user, const publish_id& id, const found& said, std::uint64_t noted) {
    const place_of at(*this, user);
    const std::lock_guard lock(at.home.lock);
    if (at.home.generation != noted) return;
    auto* of_user = at.find();
    if (!of_user) {
        if (at.home.users.size() >= users_per_shard_max) at.home.users.push_out(at.home.next_out);
        of_user = &at.home.users.add(at.hash);
        of_user->user = user;
    }
    auto& posts = of_user->posts;
    std::erase_if(posts, [&id](const known& each) { return each.id == id; });
    if (posts.size() >= posts_per_user_max) posts.erase(posts.begin()); // the one that came first
    posts.push_back({id, said});
}

void post_memory::forget(const user_id& user) {
    if (user.empty()) return forget_all();
    const place_of at(*this, user);
    const std::lock_guard lock(at.home.lock);
    ++at.home.generation;
    if (const auto* const of_user = at.find()) at.home.users.erase(*of_user);
}

void post_memory::forget_all() {
    for (auto& in : shards_) {
        const std::lock_guard lock(in.lock);
        ++in.generation;
        in.users.clear();
    }
}

} // namespace gateway::store
