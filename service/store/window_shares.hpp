// The replicas' shares of TikTok's windows (limits/share.hpp). Not used if the store has one process, which
// has every window whole. A role of the store; any thread.
#pragma once
#include "store/changes.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <limits>
#include <vector>

namespace gateway::store {

/// When slots in use become free, counted from now.
struct slots_free {
    milliseconds in{0};
    std::uint32_t count = 0;
};

/// What a replica uses of a window.
struct window_use {
    window_name which;
    std::uint32_t used = 0;        // slots in use
    std::vector<slots_free> frees; // those of them whose end is known
    std::int64_t turn =
        0; // rises with each request of this replica: an earlier one that is late changes nothing
};

/// A replica's request for slots of a window, in total.
struct window_request {
    /// No replica has told its use since: the others are asked.
    static constexpr std::int64_t nobody_has_told = std::numeric_limits<std::int64_t>::max();

    window_use use;
    std::uint32_t wanted = 0;
    std::uint32_t needed = 0; // if less than this is granted, the others are asked for what they do not use
    std::uint32_t limit = 0;
    milliseconds length{60'000};             // of the window
    std::int64_t asked_at = nobody_has_told; // for a repeat: when the others were asked
};
struct window_grant {
    std::uint32_t capacity = 0;
    std::uint32_t others = 0;    // the shares of the other replicas
    milliseconds free_after{0};  // until a slot of the others is free for certain; zero if they have none
    milliseconds closed_for{0};  // TikTok has closed the window for this time
    std::uint32_t not_told = 0;  // replicas that are asked for what they do not use and have not answered
    std::int64_t granted_at = 0; // by the store's clock
};

class window_shares : private role {
public:
    using role::role;

    /// Grants the request as far as the other replicas' shares allow. Also extends the previous grant.
    task<result<window_grant>> take(window_request request, deadline until);
    /// Reduces this replica's share to `capacity`, with what is in use.
    task<result<void>> give_back(window_use use, std::uint32_t capacity, deadline until);
    /// Call after a 429 of TikTok: nothing is granted to any replica for `wait`, and the other replicas are
    /// notified.
    task<result<void>> close(window_name which, std::uint32_t limit, milliseconds wait, deadline until);
    /// For how long TikTok has closed the window; zero: it has not.
    task<result<milliseconds>> closed_for(window_name which, deadline until);
};

} // namespace gateway::store
