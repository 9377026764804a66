#include "vault/key_uses.hpp"

namespace gateway::vault {
namespace {

std::string counter_of(const std::string& key_id) {
    return "key_uses:" + key_id;
}

} // namespace

task<result<void>> key_uses::begin(std::string key_id, deadline until) {
    const auto sum = co_await facts_.add_to_counter(counter_of(key_id), 0, until);
    if (!sum) co_return sum.error();
    reserved(key_id, 0, *sum);
    co_return result<void>{};
}

task<result<void>> key_uses::take(std::string key_id, std::uint64_t count, deadline until) {
    if (take_reserved(key_id, count)) co_return result<void>{};
    const auto sum = co_await facts_.add_to_counter(counter_of(key_id), batch + count, until);
    if (!sum) co_return sum.error();
    reserved(key_id, batch, *sum);
    co_return result<void>{};
}

std::uint64_t key_uses::count() const {
    const std::lock_guard lock(mutex_);
    return sum_ - left_;
}

bool key_uses::take_reserved(const std::string& key_id, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    if (key_id != key_id_ || left_ < count) return false;
    left_ -= count;
    return true;
}

void key_uses::reserved(const std::string& key_id, std::uint64_t more, std::uint64_t sum) {
    const std::lock_guard lock(mutex_);
    if (key_id != key_id_) {
        key_id_ = key_id; // the unused rest of the other key's batch stays counted as used
        left_ = 0;
        sum_ = 0;
    }
    left_ += more;
    sum_ = sum > sum_ ? sum : sum_; // answers to concurrent requests may arrive in any order
}

} // namespace gateway::vault
