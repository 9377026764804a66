// What both engines do with the end of a call that cannot be written down: it is kept in memory, bounded,
// answers its key meanwhile, and is written as soon as the store can. An engine says how one end is written
// and runs keep_writing_late() on a thread of its own. Any thread.
#pragma once
#include "store/late_writes.hpp"
#include "store/store.hpp"

#include <optional>

namespace gateway::store {

class late_store : public store {
public:
    late_counts late() const override { return late_.counts(); }
    task<result<bool>> update_post(post_record record, deadline until, durable when) override;
    task<result<std::optional<idempotency_record>>> claim_key(idempotency_record record, wall_time now,
                                                              deadline until) override;
    task<result<done>> finish_key(idempotency_record record, deadline until) override;
    task<result<done>> forget_key(idempotency_record record, deadline until) override;

protected:
    /// `visible_within` as in late_writes; one try takes `try_max` at most.
    late_store(milliseconds visible_within, milliseconds try_max)
        : try_max_(try_max), late_(visible_within) {}

    /// Until it is cancelled. In order: a post is ended before the key of its call.
    task<void> keep_writing_late();
    /// For the end of the store, while keep_writing_late() still runs: until nothing waits any more, or the
    /// time is over. Whether all is written.
    task<bool> wait_until_written(deadline until);

private:
    // `record` outlives the call. `false`: nothing was there to change.
    virtual task<result<bool>> change_post(const post_record& record, deadline until, durable when) = 0;
    virtual task<result<bool>> end_key(const idempotency_record& record, bool finished, deadline until) = 0;
    /// `may_be_ours`: it failed, and yet the claim may be written.
    virtual task<result<std::optional<idempotency_record>>> try_claim(const idempotency_record& record,
                                                                      wall_time now, deadline until,
                                                                      bool& may_be_ours) = 0;

    task<result<bool>> write(const late_write& what, deadline until);
    task<bool> write_first(const late_write& what);

    const milliseconds try_max_;
    late_writes late_;
};

} // namespace gateway::store
