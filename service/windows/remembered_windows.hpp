// TikTok's windows after a start: what the last process sent in its last minute counts still, or the first
// calls of this one would run into TikTok's 429 (L06). The ledger remembers the inits, which are the scarce
// ones (6 a minute).
#pragma once
#include "base/clock.hpp"
#include "store/records.hpp"

#include <vector>

namespace gateway::limits {
class window_table;
}

namespace gateway::windows {

/// So far back attempts matter: a window, and the time an init may take to be answered.
inline constexpr milliseconds remembered{120'000};

/// Takes the slots these attempts have used. An init was answered at the latest when its row was last
/// written, and that is what counts; a window that is full takes no more. Before anything is served.
void remember_inits(limits::window_table& windows, const std::vector<store::post_record>& attempts,
                    wall_time now, steady_time steady);

} // namespace gateway::windows
