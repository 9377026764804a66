// The ledger: one row for each publish attempt, durable before a request that can post is sent; TikTok's
// status of it; and which attempt publishes a draft. A role of the store; any thread.
#pragma once
#include "store/changes.hpp"
#include "store/outgoing_event.hpp"
#include "store/post_cache.hpp"
#include "store/post_record.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store {

class late_writes;
struct idempotency_record;

/// TikTok's status of a post: the columns that TikTok sets. Made from the row that was read.
struct status_update {
    std::string attempt;
    user_id user; // the post's user
    publish_id post;
    std::string seen_status;
    std::string seen_post_ids;
    wall_time seen_ended_at;
    std::string status;
    std::string fail_reason;
    std::string post_ids;
    std::string event_hash; // of the webhook; empty if TikTok was asked
    wall_time told_at;
    wall_time ended_at, next_look_at;         // as in post_record
    bool unconfirmed = false;                 // the end is given up, until TikTok tells one
    std::optional<outgoing_event> event = {}; // what its caller is told of this change
};

/// `conflict`: the row was changed or deleted; read it again. `duplicate`: this webhook was applied earlier
/// (noted for a week). Neither changes anything.
enum class update_result { applied, conflict, duplicate };

/// The bounds of the time between two looks at a post, by what is known of it.
struct look_times {
    milliseconds shortest, processing_max, draft_max, published_max, unconfirmed_max;
};

/// Which posts of a user are listed.
struct post_filter {
    std::string state; // as docs/contract.md §4 tells it: processing, in_inbox, …; empty: all
    std::optional<wall_time> since, until; // when they were begun: from `since` on, before `until`
};

/// When a write must survive a power failure: on return, or together with the next write.
enum class durable { now, with_the_next };

/// Hears that the status of a post has changed, here or on another replica. Called on any thread; must be
/// quick and never wait.
class post_listener {
public:
    virtual ~post_listener() = default;
    /// By this process; it is durable.
    virtual void post_changed(const publish_id& post) = 0;
};

class ledger : private role {
public:
    ledger(engine& on, late_writes& late);
    /// Before the first write; null: nobody.
    void tell(post_listener* whom) { listener_ = whom; }

    /// `false`: this process has lost the call's key, because its heartbeat was late and another replica has
    /// taken it over; nothing may be sent.
    task<result<bool>> begin(post_record record, deadline until);
    /// A step of our own, by `attempt`. State, status, fail_reason and post_ids of a settled row do not
    /// change, because TikTok's status may have come first. `false`: the row was to stay `begun`, but it is
    /// not, or belongs to another replica by now; then nothing may be sent. `with_the_next`: the end of the
    /// call's key follows, so both need only one wait for the disk; after a power failure between them, this
    /// step is lost. An end that cannot be written is written later (late_writes.hpp), whatever this returns.
    /// `event`: what the caller is told of this end; written with it, and only if it ends a row that was
    /// `begun`.
    task<result<bool>> update(post_record record, deadline until, durable when = durable::now,
                              std::optional<outgoing_event> event = std::nullopt);
    /// Deletes an attempt for which nothing was sent. What cannot be deleted now is deleted later.
    task<void> forget(post_record record, deadline until, durable when = durable::now);
    /// Settles the row with TikTok's status and does not change the columns of our own steps (bytes, file,
    /// draft). The webhook is noted in the same transaction, so a delivery that could not be written is
    /// applied when TikTok repeats it.
    task<result<update_result>> apply_status(status_update told, deadline until);

    task<result<shared_post>> find(const user_id& user, const publish_id& id, deadline until);
    /// The same from the cache, without a wait; nothing: call find().
    std::optional<shared_post> find_cached(const user_id& user, const publish_id& id) const;
    /// Prefetches for a lookup of a post of this user that follows soon. No wait.
    void prefetch(const user_id& user) const { cache_.prefetch(user); }
    /// Without the attempts that came to nothing (settled, and TikTok has none of it): those of crashed
    /// processes stay until the next sweep.
    task<result<page_of<post_record>>> list(user_id user, post_filter which, std::string cursor,
                                            std::uint32_t limit, deadline until);
    task<result<page_of<post_record>>> list(user_id user, std::string cursor, std::uint32_t limit,
                                            deadline until) {
        return list(std::move(user), post_filter{}, std::move(cursor), limit, until);
    }
    /// The newest posts that were begun since then and did not fail, of the TikTok account that this user is
    /// connected to: also those that were made for its other users.
    task<result<std::vector<post_record>>> recent_of_account(user_id user, wall_time since,
                                                             std::uint32_t limit, deadline until);
    /// The accounts with a direct post that was begun since then and did not fail. Counts `limit` posts at
    /// most.
    task<result<std::uint64_t>> active_accounts(wall_time since, std::uint32_t limit, deadline until);
    /// For webhooks, which contain no user.
    task<result<std::optional<post_record>>> find_by_id(publish_id id, deadline until);
    task<result<std::optional<post_record>>> find_attempt(std::string attempt, deadline until);

    /// Attempts that are `begun` and whose process has crashed. Oldest first. Concurrent calls of replicas
    /// get different ones; one that is not settled is given again after some time.
    task<result<std::vector<post_record>>> abandoned(std::uint32_t limit, deadline until);

    /// Posts whose next look is due, the longest due first, and sets their next look to a quarter of the time
    /// since their last news later, at least `shortest` and at most the one of their status. So each of them
    /// is given to one replica, and again to another if that one dies.
    task<result<std::vector<post_record>>> take_due(std::uint32_t limit, wall_time now, look_times times,
                                                    deadline until);
    /// Moves a look that take_due() has given, and that was not made, unless the post was changed meanwhile.
    task<result<void>> put_off_look(post_record seen, wall_time next, deadline until);
    /// There is nothing more to ask TikTok for, unless the post was changed meanwhile.
    task<result<void>> stop_looking(post_record seen, deadline until);
    /// Tells the other replicas something of a post that is in no row. Nothing if there are none.
    task<result<void>> announce(change what, deadline until);
    /// When the oldest post was begun that TikTok has and that has no end; nothing: there is none.
    task<result<std::optional<wall_time>>> oldest_open(deadline until);

    /// Deletes posts that were begun before that time, until none is left or `until` has passed; of crashed
    /// processes not before they are settled. Gives whether none is left.
    task<result<bool>> sweep(wall_time before, deadline until);

    /// Marks the draft as being published by `attempt`; gives the attempt that was first.
    task<result<std::string>> claim_draft(user_id user, publish_id draft, std::string attempt,
                                          deadline until);
    /// The attempt that has claimed the draft; nothing: it is free.
    task<result<std::optional<std::string>>> find_draft_claim(user_id user, publish_id draft, deadline until);
    task<result<void>> release_draft(user_id user, publish_id draft, std::string attempt, deadline until);

    /// Writes the end of an attempt that could not be written in time. `false`: there was nothing to change.
    task<result<bool>> write_late(const post_record& record, const std::optional<outgoing_event>& event,
                                  deadline until) {
        return write(record, event, true, durable::now, until);
    }

private:
    task<result<bool>> write(const post_record& record, const std::optional<outgoing_event>& event, bool late,
                             durable when, deadline until);
    task<result<bool>> erase(const post_record& record, durable when, deadline until);

    void changed(const publish_id& post) {
        if (listener_ && !post.empty()) listener_->post_changed(post);
    }

    late_writes& late_;
    post_listener* listener_ = nullptr;
    const bool caches_; // only this process writes, and each outcome is known at once
    post_cache cache_;
};

// For idempotency_keys:
/// The newest attempt of the call that claimed this key.
task<std::optional<post_record>> find_post_of(transaction& at, const idempotency_record& key);
/// Registers the claimant of a crashed process's work as an owner for `claim_ttl`, like a process.
task<void> register_claimant(transaction& at, const std::string& claimant, milliseconds claim_ttl);

} // namespace gateway::store
