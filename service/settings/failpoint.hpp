// TIKTOK_GATEWAY_FAILPOINT: for the fault tests; see base/failpoint.hpp. Read once, by main, before anything
// else.
#pragma once

namespace gateway::settings {

/// Throws std::runtime_error where it is set and cannot be followed: a test must not believe it was.
void arm_failpoint_of_environment();

} // namespace gateway::settings
