// How calls ended while the database was away: written down as soon as it is back, so that no key stays taken
// and no post stays `begun` in a process that lives. What is lost with the process is settled by its heir, as
// ever. Each write may come twice and changes nothing then. Any thread; owned by the store.
#pragma once
#include "store/records.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace gateway::store {

struct late_write {
    enum class kind { finish_key, forget_key, update_post } what;
    idempotency_record key;
    post_record post;
};

class late_writes {
public:
    void finish_key(idempotency_record key) { add({late_write::kind::finish_key, std::move(key), {}}); }
    void forget_key(idempotency_record key) { add({late_write::kind::forget_key, std::move(key), {}}); }
    void update_post(post_record post) { add({late_write::kind::update_post, {}, std::move(post)}); }

    /// The oldest; it stays until drop_first().
    std::optional<late_write> first() const {
        const std::lock_guard lock(mutex_);
        return waiting_.empty() ? std::nullopt : std::optional{waiting_.front()};
    }
    void drop_first() {
        const std::lock_guard lock(mutex_);
        waiting_.pop_front();
    }

private:
    /// As many as may wait in line for the store, which bounds what one outage can cut off.
    static constexpr std::size_t most = 4'096;

    void add(late_write one) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() < most) waiting_.push_back(std::move(one));
    }

    mutable std::mutex mutex_;
    std::deque<late_write> waiting_;
};

} // namespace gateway::store
