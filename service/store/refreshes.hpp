// Who may refresh a user's tokens, what is under way, and how it ended. One refresh: lease, intent (durable
// before the request is sent), end. How long a lease holds is measured by the database alone. A role of the
// store: any thread; each call fails with vault_unavailable or deadline_exceeded and with nothing else.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/connections.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace gateway::store {

class engine;

/// The right to refresh one user's tokens for a while, and a number that only grows.
struct lease {
    user_id user;
    std::uint64_t fence = 0;
};

/// Durable before the request of a refresh is sent; found at start when nobody saw its end.
struct refresh_intent {
    user_id user;
    std::uint64_t version = 0; // of the pair that is being replaced
    wall_time started_at;      // by the database's clock
};

/// `refused`: the fence is stale or the version is not the newest any more; nothing may be sent.
/// `begun_again`: another began with this very version, and nobody saw its end.
enum class refresh_begin { refused, begun, begun_again };
enum class refresh_end { stored, superseded, kept_as_candidate };

class refreshes {
public:
    explicit refreshes(engine& on) : engine_(on) {}

    /// Empty: it is held. The fence grows with every lease of this store.
    task<result<std::optional<lease>>> take_lease(user_id user, milliseconds length, deadline until);
    task<result<void>> release_lease(lease held, deadline until);
    /// The intent is durable on return, in the place of an earlier one.
    task<result<refresh_begin>> begin(lease held, std::uint64_t version, deadline until);
    /// Stores the new pair (expected_version + 1), keeps the old one as previous, closes the intent. Refused
    /// when the connection is gone, revoked or has another version (`superseded`), or when another holder has
    /// the lease by now (`kept_as_candidate`: the pair is kept beside, not dropped, and the intent stays for
    /// the other to find).
    task<result<refresh_end>> finish(lease held, connection_record record, std::uint64_t expected_version,
                                     deadline until);
    /// Ends the intent of this lease, if it is still there.
    task<result<void>> close(lease held, deadline until);
    /// Refreshes whose end nobody saw and whose lease is over; the oldest first.
    task<result<std::vector<refresh_intent>>> unfinished(deadline until);

private:
    engine& engine_;
};

} // namespace gateway::store
