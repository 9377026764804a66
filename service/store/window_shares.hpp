// The replicas' shares of TikTok's windows (limits/share.hpp). Not used if the store has one process, which
// has every window whole. A role of the store; any thread.
#pragma once
#include "store/changes.hpp"
#include "store/role.hpp"

#include <cstdint>

namespace gateway::store {

/// A replica's request for slots of a window, in total.
struct window_request {
    window_name which;
    std::uint32_t wanted = 0;
    std::uint32_t used = 0; // slots in use
    std::uint32_t limit = 0;
    milliseconds length{60'000}; // of the window
    milliseconds frees_in{0};    // until its next used slot is free; zero if none is used
};
struct window_grant {
    std::uint32_t capacity = 0;
    std::uint32_t others = 0; // the shares of the other replicas
    milliseconds free_after{
        0}; // if less than requested was granted: until a slot of the others is free, as far as known
    std::int64_t granted_as = 0; // the id of this grant, for give_back()
};

class window_shares : private role {
public:
    using role::role;

    /// Grants the request as far as the other replicas' shares allow; otherwise notifies them that it is
    /// needed. Also extends the previous grant.
    task<result<window_grant>> take(window_request request, deadline until);
    /// Reduces that grant to `capacity`; its next slot is free after `frees_in`. Has no effect if there is a
    /// newer grant.
    task<result<void>> give_back(window_name which, std::int64_t granted_as, std::uint32_t capacity,
                                 milliseconds frees_in, deadline until);
    /// Call after a 429 of TikTok: nothing is granted to any replica for `wait`, and the other replicas are
    /// notified.
    task<result<void>> close(window_name which, std::uint32_t limit, milliseconds wait, deadline until);
    /// For how long TikTok has closed the window; zero: it has not.
    task<result<milliseconds>> closed_for(window_name which, deadline until);
};

} // namespace gateway::store
