#include "vault/key_uses.hpp"

#include <algorithm>

namespace gateway::vault {
task<result<void>> key_uses::reserve(std::string key_id, std::uint64_t spare, std::uint64_t used,
                                     deadline until) {
    const auto owed = take_owed();
    const auto sum = co_await facts_.add_to_counter("key_uses:" + key_id, spare + used + owed, until);
    const std::lock_guard lock(mutex_);
    if (!sum) {
        owed_ += owed;
        co_return sum.error();
    }
    if (key_id != key_id_) {
        key_id_ = key_id; // the unused rest of the other key's batch stays counted as used
        left_ = sum_ = 0;
    }
    left_ += spare;
    sum_ = std::max(sum_, *sum); // answers to concurrent requests may arrive in any order
    co_return result<void>{};
}

task<result<void>> key_uses::take(std::string key_id, std::uint64_t count, deadline until) {
    if (take_reserved(key_id, count)) co_return result<void>{};
    co_return co_await reserve(std::move(key_id), batch, count, until);
}

std::uint64_t key_uses::count() const {
    const std::lock_guard lock(mutex_);
    return sum_ - left_ + owed_;
}

void key_uses::take_now(const std::string& key_id) {
    const bool reserved = take_reserved(key_id, 1);
    const std::lock_guard lock(mutex_);
    if (!reserved) ++owed_;
}

std::uint64_t key_uses::take_owed() {
    const std::lock_guard lock(mutex_);
    return std::exchange(owed_, 0);
}

bool key_uses::take_reserved(const std::string& key_id, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (key_id != key_id_ || left_ < count) return false;
    left_ -= count;
    return true;
}

} // namespace gateway::vault
