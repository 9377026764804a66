#include "tiktok/chunk_plan.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace gateway::tiktok {
namespace {

failure refused(std::string reason) {
    std::vector<field_fault> faults{{"file_to_upload", reason}};
    return failure(errc::invalid_input, "The video " + reason + ".").fields(std::move(faults));
}

} // namespace

result<chunk_plan> plan_chunks(std::uint64_t size_bytes, std::optional<std::uint64_t> hint_bytes) {
    if (size_bytes == 0) return refused("must not be empty");
    if (size_bytes > video_bytes_max) return refused("must not be larger than 4 GiB");

    const chunk_plan whole{size_bytes, size_bytes, 1};
    std::uint64_t each =
        std::clamp(hint_bytes.value_or(chunk_bytes_without_hint), chunk_bytes_min, chunk_bytes_max);
    if (size_bytes / each < 2) {
        // A single chunk must be as large as the video (C6), so only up to 64 MB (C4).
        if (size_bytes <= chunk_bytes_max) return whole;
        each = std::min(chunk_bytes_max, size_bytes / 2);
    }
    return chunk_plan{size_bytes, each, size_bytes / each};
}

} // namespace gateway::tiktok
