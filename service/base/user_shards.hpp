// What is kept of many users and read by all workers: users spread over shards, each with a lock that is held
// for nanoseconds. A Shard has a `lock`, and `users`, a flat_table of elements with the `user` they are of;
// what else it has is guarded by the same lock. Any thread.
#pragma once
#include "base/flat_table.hpp"
#include "base/ids.hpp"

#include <array>
#include <cstddef>
#include <functional>

namespace gateway {

template <class Shard>
class user_shards {
public:
    static constexpr std::size_t count = 64;

    /// A user on the way to their shard and their place in it, for which the hash is taken once.
    struct place {
        /// Both under the shard's lock. Null: nothing is kept of them.
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
    };
    /// `user` outlives it.
    place of(const user_id& user) {
        const std::size_t hash = std::hash<user_id>{}(user);
        return {user, hash, shards_[shard_of(hash)]};
    }
    /// This user is asked for soon: their place in memory is fetched meanwhile.
    void expect(const user_id& user) const {
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
