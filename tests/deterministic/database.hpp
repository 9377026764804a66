// The database of a simulated world: what PostgreSQL keeps for its replicas, as plain maps, with the same
// rules (service/store/postgresql/). Knows no network and no waiting: each operation is one transaction. Its
// clock is its own, as a server's is. Owned by the simulation; one thread.
#pragma once
#include "base/clock.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace gateway::simulation {

class database {
public:
    /// Told of each pair that takes the place of another, by a refresh or by a new grant.
    std::function<void(const store::connection_record& stored, bool by_refresh)> on_pair;
    std::function<void(const user_id& user)> on_revoked;

    /// For the suite of the port, where nobody waits for a lease to end.
    void pass_time(milliseconds by) { passed_ += by; }

    // --- who is alive (database.cpp)
    void be_alive(const std::string& owner, milliseconds silent_max) {
        alive_until_[owner] = now() + silent_max;
    }
    void gone(const std::string& owner) { alive_until_.erase(owner); }

    // --- connections and refreshes (database.cpp)
    std::optional<store::connection_record> find_connection(const user_id& user) const;
    std::vector<store::connection_record> find_connections_of_account(const open_id& account) const;
    store::page_of<store::connection_record> list_connections(const std::vector<std::string>& patterns,
                                                              const std::string& cursor,
                                                              std::uint32_t limit) const;
    std::uint64_t version_floor() const { return version_floor_; }
    bool put_connection(const store::connection_record& record, std::uint64_t expected_version);
    bool set_connection_state(const user_id& user, std::uint64_t version, store::connection_state state,
                              const std::string& cause, wall_time at);
    bool revoke_connection(const user_id& user, const std::string& cause, wall_time at);
    bool forget_connection(const user_id& user);
    std::vector<std::uint64_t> count_connections_by_state() const;
    std::vector<store::kept_tokens_record> kept_tokens(const user_id& user) const;

    std::optional<store::lease> take_lease(const user_id& user, const std::string& owner, milliseconds length,
                                           wall_time at);
    void release_lease(const store::lease& held);
    store::refresh_begin begin_refresh(const store::lease& held, std::uint64_t version, wall_time at);
    store::refresh_end finish_refresh(const store::lease& held, const store::connection_record& record,
                                      std::uint64_t expected_version);
    std::vector<store::refresh_intent> open_refreshes() const;
    void close_refresh(const store::lease& held);

    // --- posts and first answers (database_posts.cpp)
    bool begin_post(const store::post_record& record, const std::string& owner);
    bool update_post(const store::post_record& record, const std::string& owner);
    store::told_end tell_post_status(const store::told_status& told);
    std::optional<store::post_record> find_post(const user_id* user, const publish_id& id) const;
    std::optional<store::post_record> find_attempt(const std::string& attempt) const;
    std::vector<store::post_record> posts_since(wall_time since) const;
    store::page_of<store::post_record> list_posts(const user_id& user, const std::string& cursor,
                                                  std::uint32_t limit) const;
    std::string claim_draft(const user_id& user, const publish_id& draft, const std::string& attempt);
    void release_draft(const user_id& user, const publish_id& draft, const std::string& attempt);
    std::vector<store::post_record> abandoned_posts(const std::string& heir, milliseconds heir_max,
                                                    std::uint32_t limit);
    std::optional<store::idempotency_record> claim_key(const store::idempotency_record& record,
                                                       const std::string& owner, wall_time at);
    /// `owner`: of a record that names none.
    void finish_key(const store::idempotency_record& record, const std::string& owner);
    void forget_key(const store::idempotency_record& record, const std::string& owner);
    std::vector<store::abandoned_key> abandoned_keys(const std::string& heir, milliseconds heir_max,
                                                     std::uint32_t limit);

    // --- the rest (database_rest.cpp)
    void put_oauth_state(const store::oauth_state_record& record) { logins_[record.state_hash] = record; }
    std::optional<store::oauth_state_record> take_oauth_state(const std::string& state_hash, wall_time at);
    void put_file(const store::file_record& record) { files_[record.id] = record; }
    std::optional<store::file_record> find_file(const file_id& id) const;
    bool forget_file(const file_id& id) { return files_.erase(id) > 0; }
    std::vector<store::file_record> expired_files(wall_time at, std::uint32_t limit) const;
    std::uint64_t stored_file_bytes() const;
    std::optional<std::string> find_meta(const std::string& name) const;
    void put_meta(const std::string& name, const std::string& value) { meta_[name] = value; }
    void forget_meta(const std::string& name) { meta_.erase(name); }
    std::vector<std::pair<std::string, std::string>> list_meta(const std::string& name_prefix) const;
    std::uint64_t count_sealed_with(const std::string& prefix) const;
    store::page_of<store::sealed_pair_record> list_sealed_with(const std::string& prefix,
                                                               const std::string& cursor,
                                                               std::uint32_t limit) const;
    std::uint64_t replace_sealed(const std::vector<store::resealed_pair>& pairs);
    std::uint64_t add_to_counter(const std::string& name, std::uint64_t by) { return counters_[name] += by; }
    void sweep(wall_time at);

    // --- for whoever judges a run
    const auto& posts() const { return posts_; }
    const auto& keys() const { return keys_; }

private:
    struct held_lease {
        store::lease what;
        steady_time until;
    };
    struct owned_post {
        store::post_record record;
        std::string owner;
    };
    struct owned_key {
        store::idempotency_record record;
        std::string owner;
    };
    using key_name = std::pair<caller_name, std::string>;

    steady_time now() const { return steady_now() + passed_; }
    bool is_alive(const std::string& owner) const;
    bool is_at_work(const user_id& user) const;
    void keep(const user_id& user, std::uint64_t version, store::kept_reason reason, std::string sealed,
              wall_time at);
    void forget_around(const user_id& user);
    std::optional<store::post_record> find_post_of(const store::idempotency_record& key) const;

    milliseconds passed_{0};
    std::map<std::string, steady_time> alive_until_;
    std::map<user_id, store::connection_record> connections_;
    std::map<std::int64_t, store::kept_tokens_record> kept_;
    std::map<user_id, held_lease> leases_;
    std::map<user_id, store::refresh_intent> intents_;
    std::map<std::string, owned_post> posts_; // by attempt
    std::map<key_name, owned_key> keys_;
    std::map<std::pair<user_id, publish_id>, std::string> draft_claims_;
    std::map<std::string, wall_time> webhook_notes_;
    std::map<std::string, store::oauth_state_record> logins_;
    std::map<file_id, store::file_record> files_;
    std::map<std::string, std::string> meta_;
    std::map<std::string, std::uint64_t> counters_;
    std::uint64_t version_floor_ = 0;
    std::uint64_t newest_fence_ = 0;
    std::int64_t newest_kept_ = 0;
};

} // namespace gateway::simulation
