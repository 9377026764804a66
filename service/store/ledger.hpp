// The ledger: one row for each publish attempt, durable before anything is sent that can post; what TikTok
// says of it; which attempt publishes a draft. Shared by all workers; any thread. Every call fails with
// vault_unavailable (or deadline_exceeded) and with nothing else; absence is a value.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/page.hpp"
#include "store/post_cache.hpp"
#include "store/post_record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

class engine;
class late_writes;
class transaction;
struct idempotency_record;

/// TikTok's word on a post: the part of its row that TikTok owns. Made from the row as it was seen.
struct status_update {
    std::string attempt;
    user_id user; // whose post it is
    std::string seen_status;
    std::string seen_post_ids;
    std::string status;
    std::string fail_reason;
    std::string post_ids;
    std::string event_hash; // of the webhook that told it; empty: we asked
    wall_time told_at;
};

/// `conflict`: the row is not as it was seen (or gone); read it again. `duplicate`: this webhook was noted
/// earlier (kept for a week). Neither changes anything.
enum class update_result { applied, conflict, duplicate };

/// When what a write has changed must outlive the power going: on return, or once the next write does.
enum class durable { now, with_the_next };

class ledger {
public:
    ledger(engine& on, late_writes& late);

    /// `false`: the call's key is not this process's any more, and nothing may be sent: it was silent for so
    /// long that another has taken it for dead.
    task<result<bool>> begin(post_record record, deadline until);
    /// A step of our own, by `attempt`. State, status, fail_reason and post_ids of a row that is settled
    /// already stay as they are: TikTok's word may have come first. `false`: the row was to stay `begun`, and
    /// it is not, or is another's by now; then nothing may be sent. `with_the_next`: the end of the call's
    /// key follows, so one wait for the disk is enough for both; if the power goes between them, this step
    /// has not been. An end that could not be written is written later (late_writes.hpp), whatever this
    /// returns.
    task<result<bool>> update(post_record record, deadline until, durable when = durable::now);
    /// Settles the row with TikTok's word and leaves what our own steps write to it (bytes, file, draft)
    /// alone. The note of the webhook lands with it or not at all, so a delivery that could not be written
    /// down is new again when TikTok repeats it.
    task<result<update_result>> apply_status(status_update told, deadline until);

    task<result<shared_post>> find(const user_id& user, const publish_id& id, deadline until);
    /// The same where it is known without a wait; nothing: find().
    std::optional<shared_post> find_cached(const user_id& user, const publish_id& id) const;
    /// A post of this user is asked for soon. No wait.
    void prefetch(const user_id& user) const { cache_.prefetch(user); }
    task<result<page_of<post_record>>> list(user_id user, std::string cursor, std::uint32_t limit,
                                            deadline until);
    /// For webhooks, which name no user.
    task<result<std::optional<post_record>>> find_by_id(publish_id id, deadline until);
    task<result<std::optional<post_record>>> find_attempt(std::string attempt, deadline until);
    /// Attempts that began at `since` or later, oldest first; of all users.
    task<result<std::vector<post_record>>> since(wall_time since, deadline until);

    /// Attempts still `begun` whose process is gone: nobody will end them. Oldest first. Replicas that ask at
    /// the same time are given different ones; what is given and not settled is given again a while later.
    task<result<std::vector<post_record>>> abandoned(std::uint32_t limit, deadline until);

    /// Made for one draft at a time: marks the draft as being published by `attempt`; gives the attempt that
    /// was first.
    task<result<std::string>> claim_draft(user_id user, publish_id draft, std::string attempt,
                                          deadline until);
    task<result<void>> release_draft(user_id user, publish_id draft, std::string attempt, deadline until);

    /// For late_writes: the end of an attempt, some time after it came. `false`: nothing was there to change.
    task<result<bool>> write_late(const post_record& record, deadline until);

private:
    task<result<bool>> write(const post_record& record, bool late, durable when, deadline until);

    engine& engine_;
    late_writes& late_;
    const bool caches_; // this process alone writes, and each outcome is known at once
    post_cache cache_;
};

// For the role of the keys:
/// The newest attempt of the call that claimed this key.
task<std::optional<post_record>> find_post_of(transaction& at, const idempotency_record& key);
/// Whoever takes over what a dead process left owns it for so long, as if it were a process itself.
task<void> register_claimant(transaction& at, const std::string& claimant, milliseconds claim_ttl);

} // namespace gateway::store
