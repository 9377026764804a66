// The reason why the program does not start; the only exceptions that reach main.
#pragma once
#include <stdexcept>
#include <string>

namespace gateway::app {

/// Exit statuses (sysexits.h).
inline constexpr int exit_well = 0, exit_failed = 1, exit_settings = 78;

struct start_failure : std::runtime_error {
    start_failure(int exit, const std::string& why) : std::runtime_error(why), exit_status(exit) {}
    int exit_status;
};

} // namespace gateway::app
