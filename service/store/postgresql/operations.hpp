// What the port's calls do, as SQL on one connection, on the store's thread. Errors stay in the connection
// until the end of the job; values returned after an error mean nothing. Arguments lie in the frame of the
// caller, which waits for the job. Those marked so belong in a transaction of their user.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "runtime/task.hpp"
#include "store/postgresql/connection.hpp"
#include "store/records.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store::postgresql {

/// What the database's clock says, in milliseconds: the same for all replicas, and moving in a transaction.
#define DATABASE_NOW "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

/// Where replicas tell each other what they did: one channel for each schema.
#define CHANGES_CHANNEL "'tiktok_gateway_' || left(md5(current_schema()), 16)"

using connection = postgresql_connection;
using maybe_connection = std::optional<connection_record>;
using maybe_post = std::optional<post_record>;
using maybe_lease = std::optional<lease>;
using maybe_key = std::optional<idempotency_record>;
using connections = std::vector<connection_record>;
using page_of_connections = page_of<connection_record>;
using page_of_posts = page_of<post_record>;

// connections.cpp
task<maybe_connection> find_connection(connection& at, const user_id& user);
/// The row stays as it is until the transaction ends.
task<maybe_connection> hold_connection(connection& at, const user_id& user);
task<connections> find_connections_of_account(connection& at, const open_id& account);
task<page_of_connections> list_connections(connection& at, const std::vector<std::string>& patterns,
                                           const std::string& cursor, std::uint32_t limit);
task<std::uint64_t> version_floor(connection& at);
/// Heard by the other replicas when the transaction commits.
task<done> tell_changed(connection& at, const user_id& user, std::uint64_t version);
task<done> write_connection(connection& at, const connection_record& record);
task<done> keep_tokens(connection& at, const kept_tokens_record& kept);
/// Transaction of the user.
task<bool> put_connection(connection& at, const connection_record& record, std::uint64_t expected_version);
task<bool> set_connection_state(connection& at, const user_id& user, std::uint64_t version,
                                connection_state state, const std::string& cause, wall_time now);
/// Transaction of the user.
task<bool> revoke_connection(connection& at, const user_id& user, const std::string& cause, wall_time now);
/// Transaction of the user.
task<bool> forget_connection(connection& at, const user_id& user);
task<std::vector<std::uint64_t>> count_connections_by_state(connection& at);
task<std::vector<kept_tokens_record>> kept_tokens(connection& at, const user_id& user);

// refresh.cpp: each in a transaction of the user, but for open_refreshes
task<maybe_lease> take_lease(connection& at, const user_id& user, const std::string& owner,
                             milliseconds length, wall_time now);
task<done> release_lease(connection& at, const lease& held);
task<refresh_begin> begin_refresh(connection& at, const lease& held, std::uint64_t version, wall_time now);
task<refresh_end> finish_refresh(connection& at, const lease& held, const connection_record& record,
                                 std::uint64_t expected_version);
task<std::vector<refresh_intent>> open_refreshes(connection& at);
task<done> close_refresh(connection& at, const lease& held);

// logins.cpp: logins on their way, small facts, sweeping, who is alive
task<done> put_oauth_state(connection& at, const oauth_state_record& record);
task<std::optional<oauth_state_record>> take_oauth_state(connection& at, const std::string& state_hash,
                                                         wall_time now);
task<std::optional<std::string>> find_meta(connection& at, const std::string& name);
task<done> put_meta(connection& at, const std::string& name, const std::string& value);
task<done> forget_meta(connection& at, const std::string& name);
task<std::vector<std::pair<std::string, std::string>>> list_meta(connection& at,
                                                                 const std::string& name_prefix);
task<std::uint64_t> add_to_counter(connection& at, const std::string& name, std::uint64_t by);
task<done> sweep(connection& at, wall_time now);
/// Alive from now on for so long. Gives how many replicas are.
task<std::uint64_t> be_alive(connection& at, const std::string& owner, milliseconds silent_max);
/// What it has of TikTok's windows is free when the last call it sent is a window old.
task<done> be_gone(connection& at, const std::string& owner);

// windows.cpp: the first and the last in a transaction of the window
task<window_grant> take_window_share(connection& at, const window_wish& wish, const std::string& owner);
struct window_return {
    const window_name& which;
    std::int64_t granted_as;
    std::uint32_t capacity; // that is kept
    milliseconds frees_in;
};
task<done> return_window_share(connection& at, window_return what, const std::string& owner);
task<done> close_window(connection& at, const window_name& which, std::uint32_t limit, milliseconds wait);

// sealed.cpp
task<std::uint64_t> count_sealed_with(connection& at, const std::string& prefix);
task<page_of<sealed_pair_record>> list_sealed_with(connection& at, const std::string& prefix,
                                                   const std::string& cursor, std::uint32_t limit);
task<std::uint64_t> replace_sealed(connection& at, const std::vector<resealed_pair>& pairs);

// posts.cpp
task<bool> begin_post(connection& at, const post_record& record, const std::string& owner);
/// Whether the row is there, and `begun` still ours.
task<bool> update_post(connection& at, const post_record& record, const std::string& owner);
/// Transaction.
task<told_end> tell_post_status(connection& at, const told_status& told);
task<maybe_post> find_post(connection& at, const user_id& user, const publish_id& id);
task<maybe_post> find_post_by_id(connection& at, const publish_id& id);
task<maybe_post> find_attempt(connection& at, const std::string& attempt);
/// The newest attempt of the call that holds this key.
task<maybe_post> find_post_of(connection& at, const idempotency_record& key);
task<std::vector<post_record>> posts_since(connection& at, wall_time since);
/// Makes the rows those of `heir`, who has `heir_max` for them. In a transaction that is alone in this on all
/// replicas: none is given the same.
task<std::vector<post_record>> abandoned_posts(connection& at, const std::string& heir, milliseconds heir_max,
                                               std::uint32_t limit);
task<page_of_posts> list_posts(connection& at, const user_id& user, const std::string& cursor,
                               std::uint32_t limit);
task<std::string> claim_draft(connection& at, const user_id& user, const publish_id& draft,
                              const std::string& attempt);
task<done> release_draft(connection& at, const user_id& user, const publish_id& draft,
                         const std::string& attempt);

// answers.cpp: first answers and files that wait
task<maybe_key> claim_key(connection& at, const idempotency_record& record, const std::string& owner,
                          wall_time now);
/// Whether there was something to end. `owner`: of a record that names none.
task<bool> finish_key(connection& at, const idempotency_record& record, const std::string& owner);
task<bool> forget_key(connection& at, const idempotency_record& record, const std::string& owner);
/// As abandoned_posts; a key whose post is not settled yet waits for it.
task<std::vector<abandoned_key>> abandoned_keys(connection& at, const std::string& heir,
                                                milliseconds heir_max, std::uint32_t limit);
task<done> put_file(connection& at, const file_record& record);
task<std::optional<file_record>> find_file(connection& at, const file_id& id);
task<bool> forget_file(connection& at, const file_id& id);
task<std::vector<file_record>> expired_files(connection& at, wall_time now, std::uint32_t limit);
task<std::uint64_t> stored_file_bytes(connection& at);

} // namespace gateway::store::postgresql
