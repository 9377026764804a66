// The name of whoever calls while no callers are configured. Logins, files and keys go by the name of their
// caller, so no entry of `callers` may have it.
#pragma once
#include <string_view>

namespace gateway::settings {

inline constexpr std::string_view anonymous_caller = "anonymous";

} // namespace gateway::settings
