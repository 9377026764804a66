// Named steps at which a test may end or stop the process, so that what is durable by then can be looked at
// (tests/fault). Nothing in a release build. The one thing here with a state of its own: armed at most once,
// by main, before there is a second thread.
#pragma once
#include <string>
#include <string_view>

namespace gateway {

/// The running process has come to this step. A name is a constant: `part.what_is_true_now`.
void failpoint(std::string_view step);

/// `STEP[:HIT[:ACTION]]`, as "refresh.stored:2:kill": at the second time (1) the process is killed, or
/// stopped
/// (`stop`, until SIGCONT). What is wrong with it; empty: armed. Release builds take none.
std::string arm_failpoint(std::string_view spec);

} // namespace gateway
