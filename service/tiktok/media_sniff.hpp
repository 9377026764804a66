// Detects the format of a video from its first bytes (docs/tiktok-wire.md §5.3); the declared type is not
// trusted. Pure.
#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <string_view>

namespace gateway::tiktok {

inline constexpr std::size_t sniff_bytes = 4096; // the number of first bytes that sniff_video can use

struct sniffed_media {
    std::string_view
        content_type; // video/mp4, video/quicktime or video/webm; empty: not a video that TikTok accepts
    std::string_view found; // what it is instead, as in "is a picture"; empty if unknown
};

sniffed_media sniff_video(std::string_view first_bytes);

/// invalid_input for bytes that are no such video.
failure no_video(const sniffed_media& media);

} // namespace gateway::tiktok
