// Which replica may use how much of a window of TikTok's (limits/share.hpp). A process that is alone with the
// store has every window whole and never asks here. A role of the store; any thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"

#include <cstdint>

namespace gateway::store {

class engine;

/// What a replica asks of a window: so many slots altogether.
struct window_request {
    window_name which;
    std::uint32_t wanted = 0;
    std::uint32_t used = 0; // slots that it has in use, whatever it is granted
    std::uint32_t limit = 0;
    milliseconds length{60'000}; // of the window
    milliseconds frees_in{0};    // until its next used slot is free; zero: none is used
};
struct window_grant {
    std::uint32_t capacity = 0;
    std::uint32_t others = 0; // what the other replicas hold
    milliseconds free_after{
        0}; // less than was asked for: until a slot of the others is free, as far as known
    std::int64_t granted_as = 0; // names this grant when some of it is given back
};

class window_shares {
public:
    explicit window_shares(engine& on) : engine_(on) {}

    /// Grants what is asked for, as far as the other replicas leave it; where they do not, they are notified
    /// that it is wanted. Also confirms what was granted before, for another while.
    task<result<window_grant>> take(window_request wish, deadline until);
    /// Keeps no more than this of that grant; its next slot is free after `frees_in`. Too late, and without
    /// effect, once there is a newer one.
    task<result<void>> give_back(window_name which, std::int64_t granted_as, std::uint32_t capacity,
                                 milliseconds frees_in, deadline until);
    /// TikTok said 429: nothing is granted to anybody for so long, and the other replicas are notified.
    task<result<void>> close(window_name which, std::uint32_t limit, milliseconds wait, deadline until);

private:
    engine& engine_;
};

} // namespace gateway::store
