// One run of the refresh simulation: some replicas, some users, one TikTok, one database, and faults between
// them, determined by the seed. In the end the faults stop, and the pairs in the vault are compared with
// those that TikTok accepts.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gateway::simulation {

struct refresh_outcome {
    std::uint64_t trace = 0;     // equal for equal runs
    std::uint64_t refreshes = 0; // new pairs in the vault
    std::uint64_t requests = 0;
    std::uint64_t calls = 0;
    std::uint64_t crashes = 0, pauses = 0, outages = 0, logins = 0, revocations = 0;
    std::uint64_t lost = 0; // users whose new pair never arrived, or not in time; all reported
    std::vector<std::string> violations;

    refresh_outcome& operator+=(const refresh_outcome& other);
};

/// `wanted`: the approximate number of refreshes.
refresh_outcome run_refreshes(std::uint64_t seed, std::uint64_t wanted);

} // namespace gateway::simulation
