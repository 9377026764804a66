// What the port's calls do, as SQL on one database, on the store's thread and inside its transaction. Errors
// stay in the database until the end of the job; values returned after an error mean nothing.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store::sqlite {

using maybe_connection = std::optional<connection_record>;
using maybe_post = std::optional<post_record>;

// connections.cpp
maybe_connection find_connection(sqlite_database& at, const user_id& user);
std::vector<connection_record> find_connections_of_account(sqlite_database& at, const open_id& account);
page_of<connection_record> list_connections(sqlite_database& at, const std::vector<std::string>& patterns,
                                            const std::string& cursor, std::uint32_t limit);
std::uint64_t version_floor(sqlite_database& at);
void write_connection(sqlite_database& at, const connection_record& record);
void keep_tokens(sqlite_database& at, const kept_tokens_record& kept);
bool put_connection(sqlite_database& at, const connection_record& record, std::uint64_t expected_version);
bool set_connection_state(sqlite_database& at, const user_id& user, std::uint64_t version,
                          connection_state state, const std::string& cause, wall_time now);
bool revoke_connection(sqlite_database& at, const user_id& user, const std::string& cause, wall_time now);
bool forget_connection(sqlite_database& at, const user_id& user);
std::vector<std::uint64_t> count_connections_by_state(sqlite_database& at);
std::vector<kept_tokens_record> kept_tokens(sqlite_database& at, const user_id& user);

// sealed.cpp: what the key ring must be able to open
std::uint64_t count_sealed_with(sqlite_database& at, const std::string& prefix);
page_of<sealed_pair_record> list_sealed_with(sqlite_database& at, const std::string& prefix,
                                             const std::string& cursor, std::uint32_t limit);
std::uint64_t replace_sealed(sqlite_database& at, const std::vector<resealed_pair>& pairs);
std::uint64_t add_to_counter(sqlite_database& at, const std::string& name, std::uint64_t by);

// refresh.cpp
std::optional<lease> take_lease(sqlite_database& at, const user_id& user, const std::string& owner,
                                milliseconds length, wall_time now);
void release_lease(sqlite_database& at, const lease& held);
refresh_begin begin_refresh(sqlite_database& at, const lease& held, std::uint64_t version, wall_time now);
refresh_end finish_refresh(sqlite_database& at, const lease& held, const connection_record& record,
                           std::uint64_t expected_version);
std::vector<refresh_intent> open_refreshes(sqlite_database& at, wall_time now);
void close_refresh(sqlite_database& at, const lease& held);

// logins.cpp: logins on their way, small facts, sweeping
void put_oauth_state(sqlite_database& at, const oauth_state_record& record);
std::optional<oauth_state_record> take_oauth_state(sqlite_database& at, const std::string& state_hash,
                                                   wall_time now);
std::optional<std::string> find_meta(sqlite_database& at, const std::string& name);
void put_meta(sqlite_database& at, const std::string& name, const std::string& value);
void forget_meta(sqlite_database& at, const std::string& name);
std::vector<std::pair<std::string, std::string>> list_meta(sqlite_database& at,
                                                           const std::string& name_prefix);
void sweep(sqlite_database& at, wall_time now);
void ping(sqlite_database& at);

// posts.cpp
bool begin_post(sqlite_database& at, const post_record& record);
bool update_post(sqlite_database& at, const post_record& record);
told_end tell_post_status(sqlite_database& at, const told_status& told);
maybe_post find_post(sqlite_database& at, const user_id& user, const publish_id& id);
maybe_post find_post_by_id(sqlite_database& at, const publish_id& id);
maybe_post find_attempt(sqlite_database& at, const std::string& attempt);
/// The newest attempt of the call that holds this key.
maybe_post find_post_of(sqlite_database& at, const idempotency_record& key);
std::vector<post_record> posts_since(sqlite_database& at, wall_time since);
std::vector<post_record> abandoned_posts(sqlite_database& at, std::uint32_t limit);
page_of<post_record> list_posts(sqlite_database& at, const user_id& user, const std::string& cursor,
                                std::uint32_t limit);
std::string claim_draft(sqlite_database& at, const user_id& user, const publish_id& draft,
                        const std::string& attempt);
void release_draft(sqlite_database& at, const user_id& user, const publish_id& draft,
                   const std::string& attempt);

// answers.cpp: first answers and files that wait
std::optional<idempotency_record> claim_key(sqlite_database& at, const idempotency_record& record,
                                            wall_time now);
bool finish_key(sqlite_database& at, const idempotency_record& record);
bool forget_key(sqlite_database& at, const idempotency_record& record);
std::vector<abandoned_key> abandoned_keys(sqlite_database& at, std::uint32_t limit);
void put_file(sqlite_database& at, const file_record& record);
std::optional<file_record> find_file(sqlite_database& at, const file_id& id);
bool forget_file(sqlite_database& at, const file_id& id);
std::vector<file_record> expired_files(sqlite_database& at, wall_time now, std::uint32_t limit);
std::uint64_t stored_file_bytes(sqlite_database& at);

} // namespace gateway::store::sqlite
