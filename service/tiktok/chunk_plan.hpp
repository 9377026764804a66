// Divides a video into chunks for FILE_UPLOAD (docs/tiktok-wire.md §5.1). Pure.
#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <optional>

namespace gateway::tiktok {

inline constexpr std::uint64_t video_bytes_max = 4ULL << 30;          // C8
inline constexpr std::uint64_t chunk_bytes_min = 5'242'880;           // valid if MB is binary, too
inline constexpr std::uint64_t chunk_bytes_max = 64'000'000;          // valid if MB is decimal, too
inline constexpr std::uint64_t chunk_bytes_without_hint = 10'000'000; // the held bytes stay under 20 MB

/// One chunk's bytes, both ends included.
struct chunk {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t size_bytes() const { return last - first + 1; }
};

struct chunk_plan {
    std::uint64_t size_bytes = 0;
    std::uint64_t chunk_size_bytes = 0;
    std::uint64_t chunk_count = 0;

    /// `index` from 0; the remainder belongs to the last chunk.
    chunk at(std::uint64_t index) const {
        const std::uint64_t first = index * chunk_size_bytes;
        return {first, index + 1 == chunk_count ? size_bytes - 1 : first + chunk_size_bytes - 1};
    }
    std::uint64_t largest_chunk_bytes() const { return at(chunk_count - 1).size_bytes(); }
};

/// `hint_bytes` is cut to the bounds. invalid_input for an empty video and for more than 4 GiB.
result<chunk_plan> plan_chunks(std::uint64_t size_bytes, std::optional<std::uint64_t> hint_bytes);

} // namespace gateway::tiktok
