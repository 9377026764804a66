// The text format of notifications between replicas. Pure.
#pragma once
#include "store/changes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {

/// The channel. Any role of the database may listen and speak on a channel whose name it has, so the name is
/// random, in a row that only the gateway's role can read. What is heard is a hint to look all the same.
#define CHANGES_CHANNEL \
    "(SELECT 'tiktok_gateway_' || encode(value, 'hex') FROM meta WHERE name = 'changes_channel')"

std::string to_text(const change& what);
/// Empty for a heartbeat and for unknown texts.
std::optional<change> read_change(std::string_view text);

} // namespace gateway::store
