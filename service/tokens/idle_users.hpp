// Users without calls: their access tokens may expire, but their refresh tokens must not (T17). Each rotation
// is a risk, so they are refreshed once in the lifetime of a refresh token, well before its end, and not each
// time an access token expires. Runs on one worker; several replicas do not conflict (lease, version).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/connection_record.hpp"

#include <cstddef>

namespace gateway::store {
class connections;
}

namespace gateway::tokens {

class token_service;

/// True if four fifths of the refresh token's lifetime have passed and it has not expired. Pure.
bool refresh_is_due(const store::connection_summary& of, wall_time now);

/// Checks all connections once and refreshes those that are due, one after the other, at the common pace of
/// refreshes. Gives their number. vault_unavailable, deadline_exceeded (the rest is left for the next round).
task<result<std::size_t>> refresh_idle_users(store::connections& connections, token_service& of,
                                             deadline until);

} // namespace gateway::tokens
