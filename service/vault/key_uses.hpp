// How often the newest key has sealed, since it was made: random nonces are safe for 2^32 seals under one key
// (failure-catalogue V08). Counted in the store ahead of the use, so that a crash counts too many and never
// too few. Shared by all workers; the lock is held for nanoseconds, never across a wait.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace gateway::vault {

class key_uses {
public:
    explicit key_uses(store::store& records) : records_(records) {}

    /// What the store knows of this key, which is the newest from now on.
    task<result<store::done>> begin(std::string key_id, deadline until);
    /// Before `count` seals under this key. Nearly always without a wait.
    task<result<store::done>> take(std::string key_id, std::uint64_t count, deadline until);
    /// Of the key asked for last; after a restart a little more than there were.
    std::uint64_t count() const;

    /// Reserved in the store at once: what a crash can count too much.
    static constexpr std::uint64_t batch = 4096;

private:
    bool take_reserved(const std::string& key_id, std::uint64_t count);
    void reserved(const std::string& key_id, std::uint64_t more, std::uint64_t sum);

    store::store& records_;
    mutable std::mutex mutex_;
    std::string key_id_;
    std::uint64_t left_ = 0; // reserved and not used
    std::uint64_t sum_ = 0;  // reserved by all, ever
};

} // namespace gateway::vault
