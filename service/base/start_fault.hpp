// Thrown by the constructor of a part that cannot be made with what a setting gives it: a port that another
// process has, a folder without room. Only at the start; app/ turns it into its start_failure.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace gateway {

struct start_fault : std::runtime_error {
    /// `name`: the setting, as far as the part knows it. `heals`: another start may go well, although nobody
    /// changes anything.
    start_fault(std::string name, const std::string& why, bool heals)
        : std::runtime_error(why), key(std::move(name)), may_heal(heals) {}
    std::string key;
    bool may_heal;
};

} // namespace gateway
