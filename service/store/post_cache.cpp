#include "store/post_cache.hpp"

#include <string>
#include <utility>

namespace gateway::store {
namespace {

constexpr std::size_t block_bytes = 16; // the overhead of an allocation

std::size_t bytes_of(const std::string& text) {
    constexpr std::size_t in_place = 15;
    return text.size() > in_place ? text.size() + 1 + block_bytes : 0;
}

std::size_t bytes_of(const post_record& row) {
    std::size_t sum = sizeof row + 2 * block_bytes; // including the control block
    for (const std::string* text :
         {&row.attempt, &row.user.text(), &row.caller.text(), &row.id.text(), &row.action, &row.kind,
          &row.status, &row.fail_reason, &row.settings, &row.file, &row.draft.text(),
          &row.published_as.text(), &row.post_ids, &row.sha256, &row.idempotency_key})
        sum += bytes_of(*text);
    return sum;
}

} // namespace

/// Removes one of `users`.
post_cache::posts_of post_cache::shard::take(posts_of& one) {
    posts_of out = std::exchange(one, {});
    users.erase(one);
    bytes -= out.bytes;
    return out;
}

void post_cache::keep(const place& at, posts_of&& all) {
    all.user = at.user;
    all.bytes = bytes_of(all.user.text()) + block_bytes + all.posts.capacity() * sizeof(known);
    for (const auto& each : all.posts)
        all.bytes += bytes_of(each.id.text()) + (each.said ? bytes_of(*each.said) : 0);
    const auto bytes = all.bytes;
    at.add() = std::move(all); // before counting, because it may throw
    at.home.bytes += bytes;
}

std::size_t post_cache::shard::bytes_with_table() const {
    return bytes + users.places() * (sizeof(posts_of) + sizeof(std::size_t));
}

std::optional<shared_post> post_cache::find(const user_id& user, const publish_id& id) const {
    const auto at = shards_.locked(user);
    const auto* const of_user = at.find();
    if (!of_user) return std::nullopt;
    for (const auto& each : of_user->posts)
        if (each.id == id) return each.said;
    return std::nullopt;
}

std::uint64_t post_cache::now(const user_id& user) const {
    const auto at = shards_.locked(user);
    return at.home.generation;
}

void post_cache::put(const user_id& user, const publish_id& id, const shared_post& said,
                     std::uint64_t noted) {
    std::vector<posts_of> gone; // destroyed after the lock is released
    const auto at = shards_.locked(user);
    auto& home = at.home;
    if (home.generation != noted) return;
    posts_of all;
    if (auto* const before = at.find()) all = home.take(*before);
    auto& posts = all.posts;
    std::erase_if(posts, [&id](const known& each) { return each.id == id; });
    if (posts.size() >= posts_per_user_max) posts.erase(posts.begin()); // the oldest one
    posts.push_back({id, said});
    keep(at, std::move(all));
    while (home.bytes_with_table() > shard_bytes_max_ && home.users.size() > 0) {
        gone.push_back(home.users.push_out(home.next_out));
        home.bytes -= gone.back().bytes;
        home.users.shrink();
    }
}

void post_cache::forget(const user_id& user) {
    if (user.empty()) return forget_all();
    posts_of gone; // destroyed after the lock is released
    const auto at = shards_.locked(user);
    ++at.home.generation;
    if (auto* const of_user = at.find()) gone = at.home.take(*of_user);
}

void post_cache::forget_all() {
    for (auto& in : shards_) {
        const std::lock_guard lock(in.lock);
        ++in.generation;
        in.users.clear();
        in.next_out = in.bytes = 0;
    }
}

} // namespace gateway::store
