#include "windows/window_rules.hpp"

#include "tiktok/endpoint.hpp"

namespace gateway::windows {

std::vector<limits::window_rule> window_rules(const settings::limits& from) {
    std::vector<limits::window_rule> rules(tiktok::endpoint_count);
    const auto set = [&rules](tiktok::endpoint which, std::uint32_t per_minute) {
        rules[static_cast<std::size_t>(which)] = {per_minute, milliseconds{60'000}};
    };
    set(tiktok::endpoint::user_info, from.user_info_per_minute);
    set(tiktok::endpoint::video_list, from.video_list_per_minute);
    set(tiktok::endpoint::video_query, from.video_query_per_minute);
    set(tiktok::endpoint::creator_info, from.creator_info_per_minute);
    set(tiktok::endpoint::video_init, from.video_init_per_minute);
    set(tiktok::endpoint::inbox_init, from.inbox_init_per_minute);
    set(tiktok::endpoint::content_init, from.content_init_per_minute);
    set(tiktok::endpoint::status_fetch, from.status_fetch_per_minute);
    set(tiktok::endpoint::cancel, from.cancel_per_minute);
    return rules;
}

} // namespace gateway::windows
