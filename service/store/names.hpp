// Enumerations as they are written down. A name nobody knows reads as the most careful value.
#pragma once
#include "store/records.hpp"

#include <string_view>

namespace gateway::store {

std::string_view name_of(kept_reason reason);
connection_state connection_state_named(std::string_view name);
post_state post_state_named(std::string_view name);
kept_reason kept_reason_named(std::string_view name);

} // namespace gateway::store
