// Users nobody calls for: their access tokens may end, but their refresh tokens must not (T17). Each avoided
// rotation is an avoided risk, so they are refreshed once in the life of a refresh token, well before its
// end, and not each time an access token ends. Runs on one worker; several replicas do no harm to each other
// (lease, version).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/records.hpp"

#include <cstddef>

namespace gateway::store {
class store;
}

namespace gateway::tokens {

class token_service;

/// Four fifths of the refresh token's life are over, and it is not over itself. Pure.
bool refresh_is_due(const store::connection_record& of, wall_time now);

/// Looks through all connections once and refreshes those that are due, one after the other, at the pace of
/// all refreshes. How many were refreshed. vault_unavailable, deadline_exceeded (the rest waits for the next
/// round).
task<result<std::size_t>> refresh_idle_users(store::store& records, token_service& of, deadline until);

} // namespace gateway::tokens
