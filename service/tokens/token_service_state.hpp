// Behind tokens: what its calls and its refreshes in flight share. Of this folder only.
#pragma once
#include "runtime/shared_wait.hpp"
#include "runtime/task_group.hpp"
#include "runtime/worker.hpp"
#include "store/store.hpp"
#include "tiktok/oauth.hpp"
#include "tokens/refresh_backoff.hpp"
#include "tokens/refresh_policy.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gateway::tokens {

/// What everybody who waited for one refresh is told.
struct refresh_outcome {
    refresh_result how = refresh_result::store_failed;
    vault::shared_tokens tokens;   // the newest known; null where nothing could be read
    std::optional<failure> failed; // no better token came of it
    bool asked = false;            // it was a refresh, not just a look
};

/// One refresh on its way; shared by whoever waits and by the coroutine that does it.
struct flight {
    user_id user;
    std::uint64_t version = 0; // of the pair to be replaced
    std::uint32_t forced = 0;  // a 401 asks for it, whatever the clock says: what the new pair carries
    bool resumed = false;      // found open at start: its first answer was lost
    shared_wait<refresh_outcome> ended;
};
using shared_flight = std::shared_ptr<flight>;

struct token_service::state : std::enable_shared_from_this<token_service::state> {
    state(worker& at, tiktok::oauth& with, vault::token_vault& from, store::store& durable,
          token_service_settings how, telemetry::sink* counts);

    /// The flight of this user, a new one where there is none; null while draining. Any thread.
    shared_flight attach(const user_id& user, std::uint64_t version, std::uint32_t forced, bool resumed);
    /// Home thread.
    void complete(const shared_flight& one, const refresh_outcome& end);
    std::optional<refresh_backoff::backoff> blocked_by(const user_id& user, std::uint64_t version,
                                                       bool needed) const;
    /// Writes down that only a new login helps, and says so.
    task<result<vault::shared_tokens>> give_up(user_id user, std::uint64_t version, std::string cause,
                                               deadline until);
    double chance();
    bool is_draining() const {
        const std::lock_guard guard(lock);
        return draining;
    }

    worker& home;
    tiktok::oauth& ask;
    vault::token_vault& vault;
    store::store& records;
    const token_service_settings settings;
    telemetry::sink* const counts; // null: nobody counts
    const std::string owner;       // of leases: this process

    mutable std::mutex lock; // for what follows; held for nanoseconds
    std::unordered_map<user_id, shared_flight> flights;
    refresh_backoff backoff;
    std::minstd_rand dice;
    bool draining = false;

    task_group group; // home thread only
};

failure reconnect_failure(std::string_view cause);

/// One whole refresh (refresh_flight.cpp): its ends are told to those who wait and noted. Home thread.
task<void> run_refresh(std::shared_ptr<token_service::state> s, shared_flight one);

} // namespace gateway::tokens
