// The reason why the program does not start; the only exceptions that reach main. Made on the main thread.
#pragma once
#include "settings/loader.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::app {

/// Exit statuses (sysexits.h; docs/operations.md §10). `exit_failed` is for what may be over at the next
/// start, `exit_settings` for what stays until somebody sets it right, so that nothing starts it again and
/// again.
inline constexpr int exit_well = 0, exit_failed = 1, exit_usage = 64, exit_settings = 78;

struct start_failure : std::runtime_error {
    start_failure(int exit, const std::string& why) : std::runtime_error(why), exit_status(exit) {}
    /// One or more faults; what() has them all, each on a line of its own.
    start_failure(int exit, std::vector<settings::fault> all);
    int exit_status;
    std::vector<settings::fault> faults = {};
};

inline constexpr std::string_view start_failed = "start_failed", reload_refused = "reload_refused";

/// The failure as one line of the log, with every key and the words whole.
std::string line_of(std::string_view event, const start_failure& why);

} // namespace gateway::app
