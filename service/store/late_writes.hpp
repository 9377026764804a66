// How calls ended while the store could not write it down (a database that is away or does not say whether it
// has written, a disk without room): kept in memory, bounded, and written as soon as the store can, so that
// no key stays taken and no post stays `begun` in a process that lives. What is lost with the process is
// settled by whoever recovers after it. Each write may come twice and changes nothing then. Owned by the
// store; any thread.
#pragma once
#include "base/clock.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/task.hpp"
#include "store/idempotency_keys.hpp"
#include "store/ledger.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace gateway::store {

class engine;

struct late_write {
    enum class kind { finish_key, forget_key, update_post } what;
    idempotency_record key;
    post_record post;
};

/// Ends of calls that are still to be written down, and those that never will be.
struct late_counts {
    std::uint64_t waiting = 0;
    std::uint64_t lost = 0;
};

class late_writes {
public:
    /// What was sent to a database before can still become visible for so long; zero: the store says at once
    /// what it has written.
    explicit late_writes(milliseconds visible_within) : visible_within_(visible_within) {}

    void finish_key(idempotency_record key, steady_time now);
    void forget_key(idempotency_record key, steady_time now);
    void update_post(post_record post, steady_time now);

    /// The answer that waits for this very claim of a key; empty: none does.
    std::optional<idempotency_record> answer_of(const idempotency_record& unfinished) const;

    /// The oldest that is due. It stays the first until one of the next three is called; one thread does
    /// both.
    std::optional<late_write> first(steady_time now);
    /// The first changed something: it is written.
    void written();
    /// It was sent at `began` and found nothing to change: it is tried again as long as that may still come.
    void found_nothing(steady_time began);
    /// The store does its work, but not this: it is tried a few times more, after the others.
    void refused(steady_time now);

    /// Opened when the next one is added. To be taken before first() is asked, so that none is overlooked.
    std::shared_ptr<wait_places> next_added();
    /// When the first of those that wait is due; nothing: none waits.
    std::optional<steady_time> next_due() const;
    /// Blocks until none waits, or `until`.
    void wait_empty(deadline until);

    late_counts counts() const;

private:
    struct entry {
        late_write write;
        steady_time added;
        steady_time due;
        int refusals = 0;
    };
    void add(late_write one, steady_time now);
    void drop_first();
    void again(steady_time due);

    const milliseconds visible_within_;
    mutable std::mutex mutex_;
    std::condition_variable empty_;
    std::deque<entry> waiting_;          // of those that are due, the oldest first
    std::shared_ptr<wait_places> added_; // whoever waits for the next one; null: nobody
    std::uint64_t lost_ = 0;
};

/// Writes what waits, on the store's thread, until it is cancelled. In order: a post is ended before the key
/// of its call.
task<void> run_late_writes(engine& on, late_writes& late, ledger& posts, idempotency_keys& keys);

} // namespace gateway::store
