// The text format of notifications between replicas. Pure.
#pragma once
#include "store/changes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {

/// The channel: one for each schema.
#define CHANGES_CHANNEL "'tiktok_gateway_' || left(md5(current_schema()), 16)"

std::string to_text(const change& what);
/// Empty for a heartbeat and for unknown texts.
std::optional<change> read_change(std::string_view text);

} // namespace gateway::store
