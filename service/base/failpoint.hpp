// Named steps at which a test can kill or stop the process to check what is durable by then (tests/fault).
// Does nothing in a release build. Has global state, unlike everything else in base/: armed at most once, by
// main, before a second thread starts.
#pragma once
#include <string>
#include <string_view>

namespace gateway {

/// Marks a step of the running process. A name is a constant: `part.what_is_true_now`.
void failpoint(std::string_view step);

/// `STEP[:HIT[:ACTION]]`, as "refresh.stored:2:kill": at the second time (1) the process is killed, or
/// stopped (`stop`, until SIGCONT). Gives what is wrong with it; empty if it is armed. Release builds accept
/// none.
std::string arm_failpoint(std::string_view spec);

} // namespace gateway
