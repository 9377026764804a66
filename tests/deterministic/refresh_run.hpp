// One run of the refresh simulation: some replicas, some users, one TikTok, one database, and everything that
// can go wrong between them, as the seed wants it. In the end the faults stop, and what the vault holds is
// compared with what TikTok takes.
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

/// `wanted`: so many refreshes, about.
refresh_outcome run_refreshes(std::uint64_t seed, std::uint64_t wanted);

} // namespace gateway::simulation
