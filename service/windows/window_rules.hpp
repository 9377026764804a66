// The limit of each of TikTok's endpoints per minute, from the settings. Pure.
#pragma once
#include "limits/window.hpp"
#include "settings/settings.hpp"

#include <vector>

namespace gateway::windows {

/// The rules of limits::window_table for TikTok's windows: one per endpoint, in the order of `endpoint`.
inline std::vector<limits::window_rule> window_rules(const settings::limits& from) {
    std::vector<limits::window_rule> rules;
    for (const auto calls : from.tiktok_per_minute)
        rules.push_back({calls, milliseconds{60'000}});
    return rules;
}

} // namespace gateway::windows
