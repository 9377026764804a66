// Opened token sets in memory, shared by all workers. Sharded; each lock is held for nanoseconds. A set read
// from the store is put in only when nothing was written meanwhile, so a slow reader never brings an old
// version back. Where other replicas write too, a set is sure as long as their changes have been heard of
// since it was read; one that is not sure is better than none while the store is away.
#pragma once
#include "base/flat_table.hpp"
#include "base/ids.hpp"
#include "base/user_shards.hpp"
#include "vault/token_set.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
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

    /// This user is asked for soon: their place in memory is fetched meanwhile.
    void expect(const user_id& user) const;
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
    static constexpr std::uint64_t lost = 0; // no set was read under this number
    /// One line of the processor's caches.
    struct alignas(64) entry {
        user_id user;
        shared_tokens tokens;
        std::uint64_t touch = lost;
    };
    /// On lines of its own, so that workers at neighbouring shards do not wait for each other.
    struct alignas(64) shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        std::uint64_t heard = 0;
        flat_table<entry> users;
        std::size_t next_out = 0; // whose turn it is to be pushed out
    };
    using place = user_shards<shard>::place;
    void put(const place& at, const shared_tokens& tokens, std::uint64_t touch); // under the lock
    void forget(const place& at);                                                // under the lock

    std::size_t users_max_;
    std::atomic<std::size_t> users_{0};
    std::atomic<std::uint64_t> touch_{1}; // grows each time that touch begins; `lost` while there is none
    std::atomic<std::uint64_t> touches_{1};
    mutable user_shards<shard> shards_;
};

} // namespace gateway::vault
