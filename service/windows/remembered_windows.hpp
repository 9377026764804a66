// TikTok's windows after a start: calls that the previous process sent in its last minute still count, or the
// first calls of this one would get TikTok's 429 (L06). Inits, which have the smallest limit (6 a minute),
// are in the ledger.
#pragma once
#include "base/clock.hpp"
#include "store/post_record.hpp"

#include <vector>

namespace gateway::limits {
class window_table;
}

namespace gateway::windows {

/// How far back attempts count: a window, plus the time an init may take to be answered.
inline constexpr milliseconds remembered{120'000};

/// Takes the slots that these attempts have used. The last write of a row is the latest time at which its
/// init was answered, so that counts; a full window takes no more. Call before anything is served.
void remember_inits(limits::window_table& windows, const std::vector<store::post_record>& attempts,
                    wall_time now, steady_time steady);

} // namespace gateway::windows
