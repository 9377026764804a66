// Which chunk plans an init accepts, and which range an upload expects next (docs/tiktok-wire.md §5.1, W26,
// W27). Pure.
#pragma once
#include <cstdint>
#include <string_view>

namespace gateway::simulator {

struct chunk_plan {
    std::int64_t video_size = 0;
    std::int64_t chunk_size = 0;
    std::int64_t total_chunk_count = 0;
};

/// The bounds, by the meaning of MB.
struct chunk_bounds {
    std::int64_t chunk_least = 5'000'000;
    std::int64_t chunk_most = 67'108'864;
    std::int64_t video_most = 4'294'967'296;
    bool ceil_count_too = false;
};

/// By the switches `chunk_bounds` (lenient | decimal | binary) and `ceil_chunk_count`.
chunk_bounds bounds_of(std::string_view reading, bool ceil_count_too);

/// Empty if the plan is accepted, else TikTok's text for the refusal.
std::string_view fault_of_plan(const chunk_plan& plan, const chunk_bounds& bounds);

/// The last byte of the chunk that holds byte `first`.
std::int64_t planned_last(const chunk_plan& plan, std::int64_t first);

} // namespace gateway::simulator
