// The port to what is durable. Two real implementations stand behind it: SQLite for one process, PostgreSQL
// for any number of replicas. Thread-safe: every worker shares one store; each call suspends the coroutine,
// never the thread. Every call fails with vault_unavailable (or deadline_exceeded) and with nothing else;
// absence is a value.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/share.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/records.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::store {

struct done {};

/// What became of TikTok's word. `row_moved_on`: the row is not as it was seen (or gone); read it again.
/// `told_before`: this webhook was noted earlier (kept for a week). Neither changes anything.
enum class told_end { written, row_moved_on, told_before };

/// `refused`: the fence is stale or the version is not the newest any more; nothing may be sent.
/// `begun_again`: another began with this very version, and nobody saw its end.
enum class refresh_begin { refused, begun, begun_again };
enum class refresh_end { stored, superseded, kept_as_candidate };

/// `no_room`: a write found the disk full; reads go on, no refresh begins, and ping() finds out when there is
/// room again. `beyond_help`: an I/O error or a damaged file; nothing is read or written any more, and only a
/// new start can tell what the disk holds.
enum class condition { well, no_room, beyond_help };

struct health {
    condition now = condition::well;
    std::string reason; // of `beyond_help`, for the log; no data in it
};

/// When what a write has changed must outlive the power going: on return, or once the next write does.
enum class durable { now, with_the_next };

class store {
public:
    virtual ~store() = default;

    /// As its last calls found it; any thread, no wait. An engine whose server looks after its own disk is
    /// always well.
    virtual health how_it_is() const { return {}; }

    /// Ends of calls that the store could not write down yet (late_writes.hpp). Any thread, no wait.
    virtual late_counts late() const { return {}; }

    /// Tells of what other processes on this store do, from now until stop_listening() has returned. Any
    /// thread. Whoever is never told anything, not even whether there is touch, is alone with the store.
    virtual void listen(change_listener& /*who*/) {}
    virtual void stop_listening(change_listener& /*who*/) {}

    /// Empty: this process is alone with the store. Any thread, no wait.
    virtual std::optional<limits::replicas_seen> replicas() const { return std::nullopt; }

    // --- shares of TikTok's windows (limits/share.hpp); a process that is alone has them whole
    /// Grants what is wanted, as far as the other replicas leave it; where they do not, they are told that it
    /// is wanted. Also confirms what was granted before, for another while.
    virtual task<result<window_grant>> take_window_share(window_wish wish, deadline until);
    /// Keeps no more than this of that grant, and tells how long until it has a free slot again. Too late,
    /// and without effect, once there is a newer one.
    virtual task<result<done>> return_window_share(window_name which, std::int64_t granted_as,
                                                   std::uint32_t capacity, milliseconds frees_in,
                                                   deadline until);
    /// TikTok said 429: nothing is granted to anybody for so long, and the other replicas hear of it.
    virtual task<result<done>> close_window(window_name which, std::uint32_t limit, milliseconds wait,
                                            deadline until);

    // --- connections. Writes compare the version first: `false` means somebody else was faster.
    virtual task<result<std::optional<connection_record>>> find_connection(user_id user, deadline until) = 0;
    /// Two users may be connected to one account; in order of user_id.
    virtual task<result<std::vector<connection_record>>> find_connections_of_account(open_id account,
                                                                                     deadline until) = 0;
    /// Users matching one of `patterns`, in order of user_id, after `cursor` (a user_id).
    virtual task<result<page_of<connection_record>>> list_connections(std::vector<std::string> patterns,
                                                                      std::string cursor, std::uint32_t limit,
                                                                      deadline until) = 0;
    /// The highest version any forgotten connection had: the first pair of a new one gets the next, so that
    /// no version of any user is ever used twice.
    virtual task<result<std::uint64_t>> version_floor(deadline until) = 0;
    /// A new grant. Stored if the connection still has `expected_version` (0: there is none) and the record's
    /// own version is above it and above the floor. What was there is kept as previous; an open intent ends.
    virtual task<result<bool>> put_connection(connection_record record, std::uint64_t expected_version,
                                              deadline until) = 0;
    /// Never brings a revoked connection back.
    virtual task<result<bool>> set_connection_state(user_id user, std::uint64_t version,
                                                    connection_state state, std::string cause, wall_time now,
                                                    deadline until) = 0;
    /// TikTok's word, or ours, that it is over: state `revoked`, every pair wiped. `false`: no such user.
    virtual task<result<bool>> revoke_connection(user_id user, std::string cause, wall_time now,
                                                 deadline until) = 0;
    /// Removes the connection, its kept pairs, its intent and its logins on their way.
    virtual task<result<bool>> forget_connection(user_id user, deadline until) = 0;
    /// In order of connection_state.
    virtual task<result<std::vector<std::uint64_t>>> count_connections_by_state(deadline until) = 0;
    /// Newest first.
    virtual task<result<std::vector<kept_tokens_record>>> kept_tokens(user_id user, deadline until) = 0;

    // --- refresh: lease, intent (durable before the request leaves), end
    /// Empty: another owner holds it. The fence grows with every lease of this store. `now` is for an engine
    /// that serves one process; where replicas share the store, its own clock tells when a lease is over.
    virtual task<result<std::optional<lease>>> take_lease(user_id user, std::string owner,
                                                          milliseconds length, wall_time now,
                                                          deadline until) = 0;
    virtual task<result<done>> release_lease(lease held, deadline until) = 0;
    /// The intent is durable on return, in the place of an earlier one.
    virtual task<result<refresh_begin>> begin_refresh(lease held, std::uint64_t version, wall_time now,
                                                      deadline until) = 0;
    /// Stores the new pair (expected_version + 1), keeps the old one as previous, closes the intent.
    /// Refused when the connection is gone, revoked or has another version (`superseded`), or when another
    /// holder has the lease by now (`kept_as_candidate`: the pair is kept beside, not dropped, and the intent
    /// stays for the other to find).
    virtual task<result<refresh_end>> finish_refresh(lease held, connection_record record,
                                                     std::uint64_t expected_version, deadline until) = 0;
    /// Refreshes whose end nobody saw and whose lease is over: nobody is at work on them.
    virtual task<result<std::vector<refresh_intent>>> open_refreshes(wall_time now, deadline until) = 0;
    /// Ends the intent of this lease, if it is still there.
    virtual task<result<done>> close_refresh(lease held, deadline until) = 0;

    // --- logins on their way
    virtual task<result<done>> put_oauth_state(oauth_state_record record, deadline until) = 0;
    /// Gives it once, and never again; expired ones are absent.
    virtual task<result<std::optional<oauth_state_record>>> take_oauth_state(std::string state_hash,
                                                                             wall_time now,
                                                                             deadline until) = 0;

    // --- the ledger of posts
    /// `false`: the call's key is not this process's any more, and nothing may be sent: it was silent for so
    /// long that another has taken it for dead.
    virtual task<result<bool>> begin_post(post_record record, deadline until) = 0;
    /// A step of our own, by `attempt`. State, status, fail_reason and post_ids of a row that is settled
    /// already stay as they are: TikTok's word may have come first. `false`: the row was to stay `begun`, and
    /// it is not, or is another's by now; then nothing may be sent. `with_the_next`: finish_key() or
    /// forget_key() follows, so one wait for the disk is enough for both; if the power goes between them,
    /// this step has not been.
    virtual task<result<bool>> update_post(post_record record, deadline until,
                                           durable when = durable::now) = 0;
    /// Settles the row with TikTok's word and leaves what our own steps write to it (bytes, file, draft)
    /// alone. The note of the webhook lands with it or not at all, so a delivery that could not be written
    /// down is new again when TikTok repeats it.
    virtual task<result<told_end>> tell_post_status(told_status told, deadline until) = 0;
    /// `user` and `id` outlive the call.
    virtual task<result<shared_post>> find_post(const user_id& user, const publish_id& id,
                                                deadline until) = 0;
    /// The same where it is known without a wait; nothing: find_post. Any thread.
    virtual std::optional<shared_post> post_at_hand(const user_id& /*user*/, const publish_id& /*id*/) {
        return std::nullopt;
    }
    /// A post of this user is asked for soon. Any thread, no wait.
    virtual void expect_post(const user_id& /*user*/) {}
    virtual task<result<page_of<post_record>>> list_posts(user_id user, std::string cursor,
                                                          std::uint32_t limit, deadline until) = 0;
    virtual task<result<std::optional<post_record>>> find_post_by_id(
        publish_id id, deadline until) = 0; // webhooks know no user
    /// Made for one draft at a time: marks the draft as being published by `attempt`; gives the attempt that
    /// was first.
    virtual task<result<std::string>> claim_draft(user_id user, publish_id draft, std::string attempt,
                                                  deadline until) = 0;
    virtual task<result<done>> release_draft(user_id user, publish_id draft, std::string attempt,
                                             deadline until) = 0;
    virtual task<result<std::optional<post_record>>> find_attempt(std::string attempt, deadline until) = 0;
    /// Attempts that began at `since` or later, oldest first; of all users.
    virtual task<result<std::vector<post_record>>> posts_since(wall_time since, deadline until) = 0;
    /// Attempts still `begun` whose process is gone: nobody will end them. Oldest first. Replicas that ask at
    /// the same time are given different ones; what is given and not settled is given again a while later.
    virtual task<result<std::vector<post_record>>> abandoned_posts(std::uint32_t limit, deadline until) = 0;

    // --- first answers
    /// Empty: the key is now ours to answer. Otherwise what is recorded (finished or not). A claim may become
    /// durable with the next write only: before begin_post() nothing is sent, and what had no effect may be
    /// tried again.
    virtual task<result<std::optional<idempotency_record>>> claim_key(idempotency_record record,
                                                                      wall_time now, deadline until) = 0;
    /// Changes nothing where the key is finished, or has become another's.
    virtual task<result<done>> finish_key(idempotency_record record, deadline until) = 0;
    /// A refusal without effect is not remembered. Only what finish_key() would finish is forgotten.
    virtual task<result<done>> forget_key(idempotency_record record, deadline until) = 0;

    /// The same for unfinished keys, once their posts are settled.
    virtual task<result<std::vector<abandoned_key>>> abandoned_keys(std::uint32_t limit, deadline until) = 0;

    // --- files that wait
    virtual task<result<done>> put_file(file_record record, deadline until) = 0;
    virtual task<result<std::optional<file_record>>> find_file(file_id id, deadline until) = 0;
    virtual task<result<bool>> forget_file(file_id id, deadline until) = 0;
    virtual task<result<std::vector<file_record>>> expired_files(wall_time now, std::uint32_t limit,
                                                                 deadline until) = 0;
    virtual task<result<std::uint64_t>> stored_file_bytes(deadline until) = 0;

    // --- small facts of the store itself, by name; and what the key ring must be able to open
    virtual task<result<std::optional<std::string>>> find_meta(std::string name, deadline until) = 0;
    virtual task<result<done>> put_meta(std::string name, std::string value, deadline until) = 0;
    virtual task<result<done>> forget_meta(std::string name, deadline until) = 0;
    /// Pairs of name and value, by name.
    virtual task<result<std::vector<std::pair<std::string, std::string>>>> list_meta(std::string name_prefix,
                                                                                     deadline until) = 0;
    /// How many sealed values (pairs, kept pairs, verifiers) begin with these bytes.
    virtual task<result<std::uint64_t>> count_sealed_with(std::string prefix, deadline until) = 0;
    /// Pairs, newest and kept, that begin with these bytes, among the next `limit` rows after `cursor`; a
    /// page may be empty and not the last. What moves meanwhile may be met twice, or not at all: count again.
    virtual task<result<page_of<sealed_pair_record>>> list_sealed_with(std::string prefix, std::string cursor,
                                                                       std::uint32_t limit,
                                                                       deadline until) = 0;
    /// Puts each new blob where the very bytes that were seen still stand, as the newest pair or as a kept
    /// one; changes nothing else of the row. Gives how many were found.
    virtual task<result<std::uint64_t>> replace_sealed(std::vector<resealed_pair> pairs, deadline until) = 0;
    /// Adds to the number of this name (0 at first) and gives the sum; any number of processes may add.
    virtual task<result<std::uint64_t>> add_to_counter(std::string name, std::uint64_t by,
                                                       deadline until) = 0;

    /// Drops what has expired: logins, keys, previous versions, webhook notes. Called from time to time by
    /// main.
    virtual task<result<done>> sweep(wall_time now, deadline until) = 0;
    /// A read and a write that touch nothing: readiness. After `no_room` a write that needs some.
    virtual task<result<done>> ping(deadline until) = 0;
};

} // namespace gateway::store
