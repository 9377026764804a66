// What a video really is, from its first bytes (tiktok-api §5.3): the caller's word is not believed. Pure.
#pragma once
#include <cstddef>
#include <string_view>

namespace gateway::tiktok {

inline constexpr std::size_t sniff_bytes = 4096; // as many of the first bytes as sniff_video can use

/// "video/mp4", "video/quicktime", "video/webm", or empty when it is none of these.
std::string_view sniff_video(std::string_view first_bytes);

} // namespace gateway::tiktok
