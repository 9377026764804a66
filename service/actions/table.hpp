// What the gateway can do: every action's row. Constants, shared by all threads.
#pragma once
#include "api/row.hpp"

#include <span>

namespace gateway::actions {

/// In the order of docs/contract.md §3.
std::span<const api::row> table();

} // namespace gateway::actions
