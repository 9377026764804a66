// Rows of the ledger that were asked for before: a status is asked for again and again, and a look into the
// file costs two changes of thread. True to the file as long as this process is the only one that writes it:
// every write of a user's posts stands between two forgettings (changing), so no reader puts back what it
// read before. Bounded in bytes; owned by the store; any thread.
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
    /// For about 80,000 users who ask for a post that did not come through here, or 25,000 posts that did.
    static constexpr std::size_t default_bytes_max = 32 << 20;

    /// Passed by no more than what one table grows by.
    explicit post_cache(std::size_t bytes_max = default_bytes_max)
        : shard_bytes_max_(bytes_max / user_shards<shard>::count) {}

    /// A post of this user is asked for soon: its place in memory is fetched meanwhile.
    void prefetch(const user_id& user) const { shards_.prefetch(user); }
    /// What is remembered, null for a user who has no such post; nothing: the file has to be asked.
    std::optional<shared_post> find(const user_id& user, const publish_id& id) const;
    /// To be noted before the file is asked.
    std::uint64_t now(const user_id& user) const;
    /// What the file said; dropped when the user's posts were written since `noted`.
    void put(const user_id& user, const publish_id& id, const shared_post& said, std::uint64_t noted);
    /// Everything may have changed.
    void forget_all();

    /// Lives as long as a write of this user's posts; nobody knows whose they are: of all.
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
    static constexpr std::size_t posts_per_user_max = 16; // each look-up passes them
    struct known {
        known(const publish_id& id_, const shared_post& said_);
        publish_id id;
        shared_post said;
        std::size_t bytes; // that it holds elsewhere
    };
    /// One line of the processor's caches.
    struct alignas(64) posts_of {
        user_id user;
        std::vector<known> posts;
        std::size_t bytes = 0; // of all this, beside its place in the table
    };
    /// On lines of its own, so that workers at neighbouring shards do not wait for each other.
    struct alignas(64) shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        flat_table<posts_of> users;
        std::size_t next_out = 0; // whose turn it is to be pushed out
        std::size_t bytes = 0;    // of all users, beside the table

        posts_of take(posts_of& one);
        std::size_t bytes_with_table() const;
    };
    using place = user_shards<shard>::place;
    static void keep(const place& at, posts_of&& all); // under the lock
    void forget(const user_id& user);

    const std::size_t shard_bytes_max_;
    mutable user_shards<shard> shards_;
};

} // namespace gateway::store
