// TikTok's endpoints, one row each (docs/tiktok-wire.md §0, "Endpoint map"): path, window, whether a repeat
// is safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::tiktok {

enum class endpoint : std::uint8_t {
    user_info,
    video_list,
    video_query,
    creator_info,
    video_init,
    inbox_init,
    content_init,
    status_fetch,
    cancel,
    // OAuth and the upload host have no documented window.
    token,
    revoke,
    upload
};
inline constexpr std::size_t endpoint_count = 12;

/// docs/tiktok-wire.md §8.4.
enum class repeat_class { safe, byte_safe, unsafe, single_flight };

struct endpoint_facts {
    endpoint which;
    std::string_view name;   // the metric's label
    std::string_view method; // towards TikTok
    std::string_view path;
    std::uint32_t calls_per_minute; // default of limits.tiktok.<name>_per_minute; 0: no window
    repeat_class repeats;
};

const endpoint_facts& facts(endpoint which);

} // namespace gateway::tiktok
