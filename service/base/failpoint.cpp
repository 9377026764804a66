#include "base/failpoint.hpp"

#ifdef GATEWAY_FAILPOINTS

#include "base/lists.hpp"
#include "base/text.hpp"

#include <atomic>
#include <csignal>

namespace gateway {
namespace {

struct {
    std::string step;
    std::atomic<int> hits_left{0};
    int signal = SIGKILL;
} armed;

} // namespace

void failpoint(std::string_view step) {
    if (armed.step.empty() || step != armed.step) return;
    // Sent to this thread, so that it does nothing more: kill() may stop another thread first while this one
    // runs for microseconds, long enough to open a transaction.
    if (armed.hits_left.fetch_sub(1) == 1) ::raise(armed.signal);
}

std::string arm_failpoint(std::string_view spec) {
    const auto step = next_piece(spec, ':');
    const auto hit = next_piece(spec, ':');
    const auto hits = hit.empty() ? 1 : parse_number<int>(hit).value_or(0);
    if (hits < 1) return "a failpoint's hit is no count";
    if (!spec.empty() && spec != "kill" && spec != "stop") return "a failpoint kills or stops";
    armed.signal = spec == "stop" ? SIGSTOP : SIGKILL;
    armed.hits_left = hits;
    armed.step = step;
    return {};
}

} // namespace gateway

#else

namespace gateway {

void failpoint(std::string_view) {}

std::string arm_failpoint(std::string_view) {
    return "this build has no failpoints";
}

} // namespace gateway

#endif
