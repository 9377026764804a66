// The state that calls and refreshes in flight share. Private to this folder.
#pragma once
#include "runtime/shared_wait.hpp"
#include "runtime/task_group.hpp"
#include "runtime/worker.hpp"
#include "store/refreshes.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/refresh_backoff.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateway::tokens {

/// The result of a refresh for all its waiters.
struct refresh_outcome {
    refresh_result how = refresh_result::store_failed;
    vault::shared_tokens tokens;   // the newest known; null if nothing could be read
    std::optional<failure> failed; // set if there is no new token
    bool asked = false;            // TikTok was asked; false if only the store was read
    bool refused = false;          // TikTok has answered that it gives no tokens for this pair
};

/// Why a refresh begins. `resumed`: it was found open, so its first answer was lost. `spooled`: the answers
/// to earlier ones wait on this replica's disk, and TikTok is not asked.
enum class flight_reason : std::uint8_t { needed, resumed, spooled };

/// One refresh in flight; shared by the waiting coroutines and the one that runs it.
struct flight {
    user_id user;
    std::uint64_t version = 0; // of the pair to be replaced
    std::uint32_t forced = 0;  // forced_in_a_row of the new pair; not 0 if a 401 is the reason
    flight_reason why = flight_reason::needed;
    sharer by = sharer::gateway; // the caller whose call began it
    /// Another replica has died with the user's lease, which is free from then on; zero: there is none.
    mutable std::atomic<steady_time> free_at{steady_time{}};
    shared_wait<refresh_outcome> ended;
};
using shared_flight = std::shared_ptr<flight>;

struct token_service::state : std::enable_shared_from_this<token_service::state> {
    state(worker& at, tiktok::oauth& with, vault::token_vault& from, store::refreshes& durable,
          token_service_settings how, telemetry::sink* counts);

    /// The user's refresh in flight, or a new one; null while draining. Any thread.
    shared_flight attach(const user_id& user, std::uint64_t version, std::uint32_t forced, flight_reason why,
                         sharer by);
    /// Home thread.
    void complete(const shared_flight& one, const refresh_outcome& end);
    std::optional<refresh_backoff::backoff> blocked_by(const user_id& user, std::uint64_t version,
                                                       bool needed) const;
    /// Stores that only a new login helps, and gives that failure. `cause`: of store/connection_causes.hpp.
    task<result<vault::shared_tokens>> give_up(user_id user, std::uint64_t version, std::string_view cause,
                                               deadline until);

    worker& home;
    tiktok::oauth& ask;
    vault::token_vault& vault;
    store::refreshes& refreshes;
    const token_service_settings settings;
    telemetry::sink* const counts; // null: not counted

    mutable std::mutex lock; // for the members below; held for nanoseconds
    std::unordered_map<user_id, shared_flight> flights;
    refresh_backoff backoff;
    fair_share turns;                  // of refreshes that wait for theirs
    std::atomic<bool> draining{false}; // set under the lock; no refresh is added after that

    task_group group; // home thread only
};

failure reconnect_failure(std::string_view cause);
/// TikTok refuses a pair of which nobody can say under which app it was made.
failure of_unknown_app();

/// Runs one refresh (refresh_flight.cpp), completes it for its waiters and reports it. Home thread.
task<void> run_refresh(std::shared_ptr<token_service::state> s, shared_flight one);

} // namespace gateway::tokens
