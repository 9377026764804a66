// A cache of the ledger's rows, because a post's status is read often, and a read from the file costs two
// thread switches. Correct only if no other process writes the file: every write of a user's posts is between
// two invalidations (changing), so no reader restores an old row. Bounded in bytes; owned by the store; any
// thread.
#pragma once
#include "base/flat_table.hpp"
#include "base/ids.hpp"
#include "base/user_shards.hpp"
#include "store/post_record.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace gateway::store {

class post_cache {
public:
    /// Enough for about 80,000 users who query posts that are not in the ledger, or for 25,000 posts.
    static constexpr std::size_t default_bytes_max = 32 << 20;

    /// Exceeded at most by the growth of one table.
    explicit post_cache(std::size_t bytes_max = default_bytes_max)
        : shard_bytes_max_(bytes_max / user_shards<shard>::count) {}

    /// Prefetches the memory of this user's posts, which are needed soon.
    void prefetch(const user_id& user) const { shards_.prefetch(user); }
    /// The cached row, null for a user without such a post; nothing: read the file.
    std::optional<shared_post> find(const user_id& user, const publish_id& id) const;
    /// Call before the file is read.
    std::uint64_t now(const user_id& user) const;
    /// Adds a row that was read; ignored if the user's posts were written since `noted`.
    void put(const user_id& user, const publish_id& id, const shared_post& said, std::uint64_t noted);
    /// Clears the cache, because anything may have changed.
    void forget_all();

    /// Exists during a write of this user's posts, or of all users' if the user is unknown.
    class changing {
    public:
        changing(post_cache& of, const user_id& user) : of_(of), user_(user) { of_.forget(user_); }
        ~changing() { of_.forget(user_); }
        changing(const changing&) = delete;
        changing& operator=(const changing&) = delete;

    private:
        post_cache& of_;
        const user_id user_;
    };

private:
    static constexpr std::size_t posts_per_user_max = 16; // a lookup scans them
    struct known {
        publish_id id;
        shared_post said;
    };
    /// One cache line.
    struct alignas(64) posts_of {
        user_id user;
        std::vector<known> posts;
        std::size_t bytes = 0; // of its posts, without its slot in the table
    };
    /// On cache lines of its own, so that workers on neighbouring shards do not slow each other down.
    struct alignas(64) shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        flat_table<posts_of> users;
        std::size_t next_out = 0; // the next entry to remove
        std::size_t bytes = 0;    // of all users, without the table

        posts_of take(posts_of& one);
        std::size_t bytes_with_table() const;
    };
    using place = user_shards<shard>::place;
    static void keep(const place& at, posts_of&& all);
    void forget(const user_id& user);

    const std::size_t shard_bytes_max_;
    mutable user_shards<shard> shards_;
};

} // namespace gateway::store
