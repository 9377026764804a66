// Leases and intents of token refreshes. One refresh: lease, intent (durable before the request is sent),
// end. A lease's time is measured only by the database's clock. It lasts longer than a refresh and than most
// pauses of a process, because whoever takes it over sends the same refresh token again; but one whose holder
// has died is given to others soon (T01). A role of the store; any thread.
#pragma once
#include "store/connections.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

/// Longer than two requests to TikTok and one try to store their result.
inline constexpr milliseconds lease_length{60'000};
/// So long a lease holds after its holder was first seen to be gone, and was not seen since: one look proves
/// nothing, because a failover of the database ends the connections of replicas that live.
inline constexpr milliseconds gone_holder_keeps{10'000};

/// The right to refresh one user's tokens for some time, with a number that only increases.
struct lease {
    user_id user;
    std::uint64_t fence = 0;
};

/// What stands in the way of a lease.
struct lease_holder {
    milliseconds left{0}; // the longest time until it may be taken
    bool is_gone = false; // its process has died, or stands still: it may not be given back before
};

/// Durable before the request of a refresh is sent; found later if the refresh was not finished.
struct refresh_intent {
    user_id user;
    std::uint64_t version = 0; // of the pair to replace
    wall_time started_at;      // by the database's clock
};

/// `refused`: the fence is stale or the version is not the newest any more; nothing may be sent.
/// `begun_again`: an earlier refresh of the same version was not finished.
enum class refresh_begin { refused, begun, begun_again };
enum class refresh_end { stored, stored_beside, superseded, kept_as_candidate };

class refreshes : private role {
public:
    using role::role;

    /// Empty if another holder has it, who may still be at work. The fence increases with every lease of this
    /// store.
    /// `instead_of`: the fence of a lease that does not count, because the answer to its request is here.
    task<result<std::optional<lease>>> take_lease(user_id user, milliseconds length, deadline until,
                                                  std::uint64_t instead_of = 0);
    /// Why take_lease() gave none; empty: it may be taken now.
    task<result<std::optional<lease_holder>>> find_holder(user_id user, deadline until);
    task<result<void>> release_lease(lease held, deadline until);
    /// Writes the intent, which replaces an earlier one; durable on return.
    task<result<refresh_begin>> begin(lease held, std::uint64_t version, deadline until);
    /// Stores the new pair (expected_version + 1), keeps the old one as previous, closes the intent. Refused
    /// if the connection was deleted, revoked or has another version (`superseded`), or if another holder has
    /// the lease by now (`kept_as_candidate`: the pair is kept separately, and the intent stays for the other
    /// holder). Where the connection waits beside one of another app by now, the pair is stored there
    /// (`stored_beside`).
    task<result<refresh_end>> finish(lease held, connection_record record, std::uint64_t expected_version,
                                     deadline until);
    /// Deletes the intent of this lease, if it still exists.
    task<result<void>> close(lease held, deadline until);
    /// Unfinished refreshes of this app's connections, or of those of no app, whose lease has expired or
    /// whose holder has died; the oldest 1,000 of each, oldest first.
    task<result<std::vector<refresh_intent>>> unfinished(std::string app, deadline until);
};

} // namespace gateway::store
