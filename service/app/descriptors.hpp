// Divides the process's descriptors (L03): store, TikTok, files and the admin port get their part, and
// callers' connections are bounded by the rest.
#pragma once
#include <cstdint>
#include <string>

namespace gateway::settings {
struct all;
}

namespace gateway::app {

struct descriptor_plan {
    std::uint64_t limit = 0;             // RLIMIT_NOFILE
    std::uint32_t connections_max = 0;   // of callers: as set, or as many as there are descriptors for
    std::uint32_t admin_connections_max; // of the admin port
    std::uint32_t refusals_max;          // clients per worker that are being refused
    std::uint32_t handshakes_max;        // of TLS, per worker, at the same time
};

/// Pure: the same for the check of the settings and for the start.
descriptor_plan plan_descriptors(const settings::all& settings, unsigned workers, std::uint64_t limit);

/// The soft limit, after the start has raised it to the hard one.
std::uint64_t descriptor_limit();

/// A text for the operator with the remedy; empty if there are enough descriptors.
std::string warning_of(const descriptor_plan& plan, const settings::all& settings);

} // namespace gateway::app
