// What a video really is, from its first bytes (docs/tiktok-wire.md §5.3): the caller's word is not believed.
// Pure.
#pragma once
#include <cstddef>
#include <string_view>

namespace gateway::tiktok {

inline constexpr std::size_t sniff_bytes = 4096; // as many of the first bytes as sniff_video can use

struct sniffed_media {
    std::string_view content_type; // video/mp4, video/quicktime or video/webm; empty: no video TikTok takes
    std::string_view found;        // what it is instead, as in "is a picture"; empty where nobody can tell
};

sniffed_media sniff_video(std::string_view first_bytes);

} // namespace gateway::tiktok
