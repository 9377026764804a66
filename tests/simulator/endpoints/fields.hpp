// The `fields` parameter of the display endpoints: which names exist and which scope each needs
// (docs/tiktok-wire.md docs/tiktok-wire.md §3). Pure.
#pragma once
#include "configure/settings.hpp"

#include <optional>
#include <string_view>

namespace gateway::simulator {

/// The scope of a user field; empty when there is no such field.
std::string_view scope_of_user_field(std::string_view field);
bool is_video_field(std::string_view field);

} // namespace gateway::simulator
