// TIKTOK_GATEWAY_FAILPOINT: for the fault tests; see base/failpoint.hpp. Read once, by main, before anything
// else.
#pragma once

namespace gateway::settings {

/// Throws std::runtime_error if it is set and not valid, so that a test cannot run without its failpoint.
void arm_failpoint_of_environment();

} // namespace gateway::settings
