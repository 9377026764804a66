// How the process's descriptors are shared out (L03): the store, TikTok, files and the admin port have
// theirs, and callers' connections are bounded by what is left.
#pragma once
#include <cstdint>
#include <string>

namespace gateway::settings {
struct all;
}

namespace gateway::app {

struct descriptor_plan {
    std::uint64_t limit = 0;             // RLIMIT_NOFILE
    std::uint32_t connections_max = 0;   // of callers: as set, or what there is room for
    std::uint32_t admin_connections_max; // of whoever looks at us
    std::uint32_t refusals_max;          // a worker's clients that are told that there is no room
};

/// Pure: the same for the check of the settings and for the start.
descriptor_plan plan_descriptors(const settings::all& settings, unsigned workers, std::uint64_t limit);

/// The soft limit, after the start has raised it to the hard one.
std::uint64_t descriptor_limit();

/// What an operator has to know of it, with the cure; empty where there is room for what is set.
std::string told_of(const descriptor_plan& plan, const settings::all& settings);

} // namespace gateway::app
