// The ends of calls that could not be written (the database is unreachable or did not confirm the write, or
// the disk is full): kept in memory, bounded, and written as soon as possible, so that no key stays claimed
// and no post stays `begun` in a running process. If the process crashes, recovery settles them. A repeated
// write has no effect. Owned by the store; any thread.
#pragma once
#include "base/clock.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/task.hpp"
#include "store/idempotency_keys.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace gateway::store {

class engine;

/// Writes the end of a call. `false`: there was nothing to change.
using late_write = std::function<task<result<bool>>(deadline until)>;

/// The number of ends still to be written, and of lost ones.
struct late_counts {
    std::uint64_t waiting = 0;
    std::uint64_t lost = 0;
};

class late_writes {
public:
    /// For this time an earlier statement can still become visible; zero: the outcome of a write is known at
    /// once.
    explicit late_writes(milliseconds visible_within) : visible_within_(visible_within) {}

    /// `finished`: the key that it finishes, for answer_of().
    void add(late_write one, steady_time now, std::shared_ptr<const idempotency_record> finished = nullptr);

    /// The waiting answer for this claim of a key; empty if there is none.
    std::optional<idempotency_record> answer_of(const idempotency_record& unfinished) const;

    /// The oldest write that is due. It stays the first until one of the next three functions is called; on
    /// one thread.
    std::optional<late_write> first(steady_time now);
    /// The first one was written.
    void written();
    /// The first one was sent at `began` and found nothing to change: tries it again while the row may still
    /// appear.
    void found_nothing(steady_time began);
    /// The store works, but refused the first one: tries it a few more times, after the others.
    void refused(steady_time now);

    /// Opened when the next one is added. Call it before first(), so that none is missed.
    std::shared_ptr<wait_places> next_added();
    /// When the first waiting one is due; nothing if none waits.
    std::optional<steady_time> next_due() const;
    /// Blocks until none waits or `until` has passed.
    void wait_empty(deadline until);

    late_counts counts() const;

private:
    struct entry {
        late_write write;
        std::shared_ptr<const idempotency_record> finished;
        steady_time added;
        steady_time due;
        int refusals = 0;
    };
    void drop_first();
    void again(steady_time due);

    const milliseconds visible_within_;
    mutable std::mutex mutex_;
    std::condition_variable empty_;
    std::deque<entry> waiting_;          // due ones, oldest first
    std::shared_ptr<wait_places> added_; // waiters for the next one; null if there are none
    std::uint64_t lost_ = 0;
};

/// Writes the waiting ones on the store's thread, until it is cancelled. In order, so a post is ended before
/// the key of its call.
task<void> run_late_writes(engine& on, late_writes& late);

} // namespace gateway::store
