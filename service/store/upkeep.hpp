// Deletes expired data, in portions that take turns with the calls. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::store {

/// Tables whose rows end at a time.
inline constexpr std::array<std::string_view, 13> tables_with_an_end{
    "oauth_states",  "idempotency_keys", "kept_tokens", "webhook_notes", "import_proofs",  "leases",
    "window_shares", "store_instances",  "posts",       "revocations",   "pending_grants", "webhook_events",
    "files"};
using rows_by_table = std::array<std::uint64_t, tables_with_an_end.size()>;

class upkeep : private role {
public:
    using role::role;

    /// Deletes expired logins, keys, previous versions, webhook notes, proofs of imports, leases, dead
    /// replicas and their shares, attempts that came to no post, and events of webhooks, until nothing is due
    /// or `until` has passed. Gives whether nothing is due. The rest of tables_with_an_end ends with more
    /// than its row, in the parts that own it. Called periodically by the service.
    task<result<bool>> sweep(wall_time now, deadline until);
    /// Rows whose time is over at `now`; counts up to this number in each table.
    static constexpr std::uint64_t counted_max = 10'000;
    /// Of grants those of this app: what another app has left waits for it. Posts from before `posts_from`
    /// are over, too; the ledger sweeps them.
    task<result<rows_by_table>> overdue(std::string app, wall_time now, wall_time posts_from, deadline until);
};

} // namespace gateway::store
