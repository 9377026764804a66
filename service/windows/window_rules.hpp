// How many calls each of TikTok's endpoints takes in a minute, as the settings say. Pure.
#pragma once
#include "limits/window.hpp"
#include "settings/settings.hpp"

#include <vector>

namespace gateway::windows {

/// The rules of limits::window_table for TikTok's windows: one per endpoint, in the order of `endpoint`.
std::vector<limits::window_rule> window_rules(const settings::limits& from);

} // namespace gateway::windows
