// Data of many users that all workers read, distributed over shards, each with a lock that is held for
// nanoseconds. A Shard has a `lock`, and `users`, a flat_table of elements with a member `user`; its other
// members are guarded by the same lock. Any thread.
#pragma once
#include "base/flat_table.hpp"
#include "base/ids.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>

namespace gateway {

template <class Shard>
class user_shards {
public:
    static constexpr std::size_t count = 64;

    /// A user's shard, which is locked as long as this lives.
    struct place {
        /// Null if the user has no element.
        auto* find() const {
            return home.users.find(hash, [this](const auto& one) { return one.user == user; });
        }
        auto& add() const {
            auto& made = home.users.add(hash);
            made.user = user;
            return made;
        }
        const user_id& user;
        const std::size_t hash;
        Shard& home;
        const std::lock_guard<std::mutex> held{home.lock};
    };
    /// `user` outlives it.
    place locked(const user_id& user) {
        const std::size_t hash = std::hash<user_id>{}(user);
        return {user, hash, shards_[shard_of(hash)]};
    }
    /// Prefetches the memory of this user's element, which is needed soon.
    void prefetch(const user_id& user) const {
        const std::size_t hash = std::hash<user_id>{}(user);
        shards_[shard_of(hash)].users.fetch(hash);
    }
    auto begin() { return shards_.begin(); }
    auto end() { return shards_.end(); }

private:
    static std::size_t shard_of(std::size_t hash) { return (hash >> 32) % count; }

    std::array<Shard, count> shards_;
};

} // namespace gateway
