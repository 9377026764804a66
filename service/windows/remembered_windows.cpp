#include "windows/remembered_windows.hpp"

#include "limits/window.hpp"
#include "tiktok/endpoint.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace gateway::windows {
namespace {

/// The time within which an init is answered (`deadlines.post_ms`); bytes may follow for hours.
constexpr milliseconds answered_within{60'000};

tiktok::endpoint init_of(std::string_view kind) {
    if (kind.ends_with("_photo")) return tiktok::endpoint::content_init;
    return kind.starts_with("direct_") ? tiktok::endpoint::video_init : tiktok::endpoint::inbox_init;
}

} // namespace

void remember_inits(limits::window_table& windows, const std::vector<store::post_record>& attempts,
                    wall_time now, steady_time steady) {
    for (const auto& each : attempts) {
        const auto answered = std::min(each.updated_at, each.created_at + answered_within);
        const auto age =
            std::max(now - answered, milliseconds{0}); // after a clock was set back, counts as now
        const auto kind = static_cast<std::uint8_t>(init_of(each.kind));
        auto taken = windows.take(each.user.text(), kind, steady, deadline{steady});
        if (auto* slot = std::get_if<limits::permit>(&taken)) slot->settle(steady - age);
    }
}

} // namespace gateway::windows
