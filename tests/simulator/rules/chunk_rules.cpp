#include "rules/chunk_rules.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

constexpr std::string_view wrong_video_size = "The video size is invalid";
constexpr std::string_view wrong_size = "The chunk size is invalid";
constexpr std::string_view wrong_count = "The total chunk count is invalid";
constexpr std::int64_t count_most = 1'000;

} // namespace

chunk_bounds bounds_of(std::string_view reading, bool ceil_count_too) {
    chunk_bounds bounds;
    bounds.ceil_count_too = ceil_count_too;
    if (reading == "decimal") {
        bounds.chunk_most = 64'000'000;
        bounds.video_most = 4'000'000'000;
    } else if (reading == "binary") {
        bounds.chunk_least = 5'242'880;
    }
    return bounds;
}

std::string_view fault_of_plan(const chunk_plan& plan, const chunk_bounds& bounds) {
    if (plan.video_size <= 0 || plan.video_size > bounds.video_most) return wrong_video_size;
    if (plan.chunk_size <= 0) return wrong_size;
    if (plan.total_chunk_count <= 0 || plan.total_chunk_count > count_most) return wrong_count;
    const std::int64_t whole = plan.video_size / plan.chunk_size;
    if (plan.total_chunk_count == 1) {
        if (whole > 1) return wrong_count;
        // C6: a single chunk is the whole file; C4: then the file is at most one chunk's size.
        return plan.chunk_size == plan.video_size && plan.video_size <= bounds.chunk_most ? "" : wrong_size;
    }
    if (plan.chunk_size < bounds.chunk_least || plan.chunk_size > bounds.chunk_most) return wrong_size;
    const bool remainder = plan.video_size % plan.chunk_size != 0;
    const bool ceil = bounds.ceil_count_too && remainder && plan.total_chunk_count == whole + 1;
    return plan.total_chunk_count == whole || ceil ? "" : wrong_count;
}

std::int64_t planned_last(const chunk_plan& plan, std::int64_t first) {
    const std::int64_t chunk = std::min(first / plan.chunk_size, plan.total_chunk_count - 1);
    return chunk == plan.total_chunk_count - 1 ? plan.video_size - 1 : (chunk + 1) * plan.chunk_size - 1;
}

} // namespace gateway::simulator
