// Reads the environment variables that choose a run.
#pragma once
#include <cstdint>
#include <cstdlib>

namespace gateway::simulation {

inline std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

} // namespace gateway::simulation
