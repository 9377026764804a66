// Counts the seals under the newest key: random nonces are safe for 2^32 seals under one key
// (docs/promises.md V08). The store's count is increased in batches before the use, so that after a crash it
// is too high and never too low. Shared by all workers; the lock is held for nanoseconds, never across a
// wait.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/facts.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace gateway::vault {

class key_uses {
public:
    explicit key_uses(store::facts& facts) : facts_(facts) {}

    /// Reads the store's count for this key, which is the newest from now on.
    task<result<void>> begin(std::string key_id, deadline until) {
        return reserve(std::move(key_id), 0, 0, until);
    }
    /// Call before `count` seals under this key. Usually does not wait.
    task<result<void>> take(std::string key_id, std::uint64_t count, deadline until);
    /// One seal, without a wait: one that is not reserved is counted with the next ones that are.
    void take_now(const std::string& key_id);
    /// For the key of the last call; after a restart a little too high.
    std::uint64_t count() const;

    /// Seals reserved in the store at a time: the most by which a crash makes the count too high.
    static constexpr std::uint64_t batch = 4096;

private:
    bool take_reserved(const std::string& key_id, std::uint64_t count);
    std::uint64_t take_owed();
    task<result<void>> reserve(std::string key_id, std::uint64_t spare, std::uint64_t used, deadline until);

    store::facts& facts_;
    mutable std::mutex mutex_;
    std::string key_id_;
    std::uint64_t left_ = 0; // reserved and not used
    std::uint64_t sum_ = 0;  // reserved so far by all replicas
    std::uint64_t owed_ = 0; // used without being reserved
};

} // namespace gateway::vault
