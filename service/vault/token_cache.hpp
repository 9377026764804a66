// Opened token sets in memory, shared by all workers. Sharded; each lock is held for nanoseconds. A set read
// from the store is put in only when nothing was written meanwhile, so a slow reader never brings an old
// version back.
#pragma once
#include "base/ids.hpp"
#include "vault/token_set.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace gateway::vault {

class token_cache {
public:
    explicit token_cache(std::size_t users_max) : users_per_shard_max_(users_max / shard_count + 1) {}

    shared_tokens find(const user_id& user) const;
    /// To be noted before the store is read.
    std::uint64_t generation(const user_id& user) const;
    /// What was read; dropped when something was written since `noted`.
    void put_read(const shared_tokens& tokens, std::uint64_t noted);
    /// What was written, durably.
    void put_written(const shared_tokens& tokens);
    void drop(const user_id& user);

private:
    static constexpr std::size_t shard_count = 64;
    struct shard {
        mutable std::mutex lock;
        std::uint64_t generation = 0;
        std::unordered_map<user_id, shared_tokens> sets;
    };
    shard& shard_of(const user_id& user) const;
    void put(shard& into, const shared_tokens& tokens);

    std::size_t users_per_shard_max_;
    mutable std::array<shard, shard_count> shards_;
};

} // namespace gateway::vault
