// The media type of a file, by its first bytes (docs/tiktok-wire.md §5.3). Pure.
#pragma once
#include <cstddef>
#include <string_view>

namespace gateway::simulator {

/// The number of first bytes that are enough.
inline constexpr std::size_t sniffed_bytes = 16;

enum class media_type { mp4, mov, webm, jpeg, webp, png, unknown };

media_type sniff(std::string_view head);
std::string_view name_of(media_type type);
bool is_video(media_type type);
/// JPEG and WebP; TikTok refuses PNG.
bool is_photo(media_type type);

} // namespace gateway::simulator
