// Decrypted token sets in memory, shared by all workers. Sharded; each lock is held for nanoseconds. A set
// read from the store is added only if nothing was written meanwhile, so a slow reader never restores an old
// version. If other replicas write, too, a set is current as long as their notifications have been received
// without a gap since it was read; a set that may be stale is used only while the store is away. It also
// remembers the newest version of each of its users' pairs of this TikTok app that this process has opened or
// written, and the account of it, also when the tokens are gone; so an older row, put back in the database,
// is not believed (docs/promises.md V05). The version of a row that did not open is not remembered: whoever
// wrote it must not lock the user out. A notification is only a hint to read again: whoever may send one
// must not decide what is believed.
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
    /// `users_max` is for all shards together: a bound for each would remove users from fuller shards too
    /// early.
    explicit token_cache(std::size_t users_max) : users_max_(users_max) {}

    /// The cache's state when the store was read or written.
    struct moment {
        std::uint64_t generation = 0;     // of writes by any replica
        std::uint64_t heard = 0;          // of writes by other replicas
        std::uint64_t newest_version = 0; // of this user's, seen before; zero: none
        std::uint32_t touch = 0;
        std::uint32_t account = 0; // mark_of() that of the newest version; zero: not known

        /// `false`: this process knows that the user's newest pair is of another account.
        bool may_be_of(const open_id& one) const { return account == 0 || account == mark_of(one); }
        /// `false`: this process has seen a newer version, or this version with another account.
        bool may_be_newest(std::uint64_t version, const open_id& one) const {
            return version > newest_version || (version == newest_version && may_be_of(one));
        }
    };

    /// Prefetches the memory of this user's entry, which is needed soon.
    void prefetch(const user_id& user) const { shards_.prefetch(user); }
    /// The newest set. Null: read the store.
    shared_tokens find(const user_id& user) const;
    /// The last cached set, which may have been replaced by another replica.
    shared_tokens find_stale(const user_id& user) const;
    /// Call before the store is read or written.
    moment now(const user_id& user) const;
    /// Adds a set that was read; ignored if something was written since `noted`.
    void put_read(const shared_tokens& tokens, moment noted);
    /// Adds a set that was written durably.
    void put_written(const shared_tokens& tokens, moment noted);
    /// Marks the user's set as possibly replaced.
    void mark_stale(const user_id& user);
    /// Removes the set. What this process has seen is remembered, until another user takes the place.
    void drop(const user_id& user);
    /// Another replica wrote `version`; 0: the connection has ended. A replaced set is removed. One that was
    /// read since then is only marked as possibly stale, because the notification may be late and the store
    /// away.
    void changed_elsewhere(const user_id& user, std::uint64_t version);

    /// Whether notifications of other replicas arrive; at first true. Sets read after the change to `true`
    /// are current; those read before may be stale.
    void feed_connected(bool is);

private:
    static constexpr std::uint32_t lost = 0; // no set was read under this number
    /// One cache line.
    struct alignas(64) entry {
        user_id user;
        shared_tokens tokens; // null: only what was seen is known
        std::uint64_t newest_version = 0;
        std::uint32_t touch = lost;
        std::uint32_t account = 0; // as in `moment`
    };
    static_assert(sizeof(entry) == 64);
    /// On cache lines of its own, so that workers on neighbouring shards do not slow each other down.
    struct alignas(64) shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        std::uint64_t heard = 0;
        flat_table<entry> users;
        std::size_t next_out = 0; // the next entry to remove
    };
    using place = user_shards<shard>::place;
    static std::uint32_t mark_of(const open_id& account);
    void put(const place& at, const shared_tokens& tokens, std::uint32_t touch);
    entry& make_place(const place& at);

    std::size_t users_max_;
    std::atomic<std::size_t> users_{0};
    std::atomic<std::uint32_t> feed_epoch_{
        1}; // increases each time notifications start to arrive; `lost` while they do not
    std::atomic<std::uint32_t> touches_{1};
    mutable user_shards<shard> shards_;
};

} // namespace gateway::vault
