// How replicas write down for each other what they did, as the text of a notification. Pure.
#pragma once
#include "store/changes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {

/// Where they do: one channel for each schema.
#define CHANGES_CHANNEL "'tiktok_gateway_' || left(md5(current_schema()), 16)"

std::string to_text(const change& what);
/// Empty: a heartbeat, or nothing that this program has a word for.
std::optional<change> read_change(std::string_view text);

} // namespace gateway::store
