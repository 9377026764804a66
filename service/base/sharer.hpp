// Who uses a part of what callers share (docs/shared-bounds.md). Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace gateway {

/// A number made from the caller's name. `gateway`: the gateway's own work (refreshes, upkeep), and the calls
/// of a caller who shares with nobody.
enum class sharer : std::uint64_t { gateway = 0 };

/// Never `gateway`.
inline sharer sharer_of(std::string_view caller) {
    const std::uint64_t number = std::hash<std::string_view>{}(caller);
    return sharer{number == 0 ? 1 : number};
}

} // namespace gateway
