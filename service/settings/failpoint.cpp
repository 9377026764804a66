#include "settings/failpoint.hpp"

#include "base/failpoint.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace gateway::settings {

void arm_failpoint_of_environment() {
    const char* spec = std::getenv("TIKTOK_GATEWAY_FAILPOINT");
    if (spec == nullptr) return;
    const auto wrong = arm_failpoint(spec);
    if (!wrong.empty()) throw std::runtime_error("TIKTOK_GATEWAY_FAILPOINT: " + wrong);
}

} // namespace gateway::settings
