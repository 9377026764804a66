// Opened token sets in memory, shared by all workers. Sharded; each lock is held for nanoseconds. A set read
// from the store is put in only when nothing was written meanwhile, so a slow reader never brings an old
// version back. Where other replicas write too, a set is sure as long as their changes have been heard of
// since it was read; one that is not sure is better than none while the store is away.
#pragma once
#include "base/ids.hpp"
#include "vault/token_set.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

namespace gateway::vault {

class token_cache {
public:
    /// Of all shards together: a bound for each would push users out of the fuller ones before it is reached.
    explicit token_cache(std::size_t users_max) : users_max_(users_max) {}

    /// What was true when the store was asked.
    struct moment {
        std::uint64_t generation = 0; // of writes by anybody
        std::uint64_t heard = 0;      // of writes by other replicas
        std::uint64_t touch = 0;
    };

    /// The newest set, for sure. Null: ask the store.
    shared_tokens find(const user_id& user) const;
    /// The last that was known, which may have been replaced elsewhere.
    shared_tokens find_unsure(const user_id& user) const;
    /// To be noted before the store is read or written.
    moment now(const user_id& user) const;
    /// What was read; dropped when something was written since `noted`.
    void put_read(const shared_tokens& tokens, moment noted);
    /// What was written, durably.
    void put_written(const shared_tokens& tokens, moment noted);
    /// Perhaps there is a newer set.
    void doubt(const user_id& user);
    void drop(const user_id& user);
    /// Another replica has written, and `version` is the newest since; 0: the connection is over. A set that
    /// was replaced goes. One that was read since is only doubted: the news may be late, and the store away.
    void changed_elsewhere(const user_id& user, std::uint64_t version);

    /// Whether the changes of other replicas are heard. From `true` on, which is also how it begins, what is
    /// read is sure; what was read before is not.
    void in_touch(bool is);

private:
    static constexpr std::size_t shard_count = 64;
    static constexpr std::uint64_t lost = 0; // no set was read under this number
    struct entry {
        shared_tokens tokens;
        std::uint64_t touch = lost;
    };
    /// A user on the way to their shard and their place in it, for which the hash is taken once.
    struct hashed_user {
        explicit hashed_user(const user_id& user) : id(user), hash(std::hash<user_id>{}(user)) {}
        const user_id& id;
        std::size_t hash;
    };
    struct user_hash {
        using is_transparent = void;
        std::size_t operator()(const user_id& user) const { return std::hash<user_id>{}(user); }
        std::size_t operator()(const hashed_user& user) const { return user.hash; }
    };
    struct user_equal {
        using is_transparent = void;
        bool operator()(const user_id& a, const user_id& b) const { return a == b; }
        bool operator()(const user_id& a, const hashed_user& b) const { return a == b.id; }
        bool operator()(const hashed_user& a, const user_id& b) const { return a.id == b; }
    };
    struct shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        std::uint64_t heard = 0;
        // Flat: with many users each place in memory is a miss of the processor's caches.
        boost::unordered_flat_map<user_id, entry, user_hash, user_equal> sets;
        user_id next_out; // whoever is pushed out next, if still there
        void push_out();  // under the lock; not empty
    };
    shard& shard_of(const hashed_user& user) const;
    shard& shard_of(const user_id& user) const { return shard_of(hashed_user(user)); }
    void put(shard& into, const shared_tokens& tokens, std::uint64_t touch); // under the lock
    void forget(shard& in, const user_id& user);                             // under the lock

    std::size_t users_max_;
    std::atomic<std::size_t> users_{0};
    std::atomic<std::uint64_t> touch_{1}; // grows each time that touch begins; `lost` while there is none
    std::atomic<std::uint64_t> touches_{1};
    mutable std::array<shard, shard_count> shards_;
};

} // namespace gateway::vault
