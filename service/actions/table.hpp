// The rows of all actions. Constants, shared by all threads.
#pragma once
#include "api/row.hpp"

#include <span>

namespace gateway::actions {

/// In the order of docs/contract.md §3.
std::span<const api::row> table();

} // namespace gateway::actions
