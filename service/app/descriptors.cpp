#include "app/descriptors.hpp"

#include "settings/settings.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace gateway::app {

namespace {

constexpr std::uint64_t own_descriptors = 24;    // standard streams, log, settings, name resolution
constexpr std::uint64_t worker_descriptors = 8;  // loop, timers, listener, wake-ups
constexpr std::uint64_t sqlite_descriptors = 12; // database, journal, shared memory, a check beside it
constexpr std::uint64_t file_descriptors = 128;  // uploads that are being kept or read
constexpr std::uint64_t webhooks_out = 320;      // under way and kept open, if anybody is told by webhook
constexpr std::uint64_t origins = 2;             // TikTok's API and an upload host
constexpr std::uint64_t admin_connections = 64;  // at most
constexpr std::uint64_t refusals_a_worker = 64;  // at most
constexpr std::uint64_t least_connections = 8;   // fewer would be useless
// A handshake costs three times the memory of an idle connection, so all workers together have room for one
// to ten connections. At half a millisecond each, a worker does so many within a quarter of a second.
constexpr std::uint64_t handshakes_a_worker = 512; // at most

std::uint64_t share(std::uint64_t whole, std::uint64_t parts, std::uint64_t least, std::uint64_t most) {
    return std::clamp(whole / parts, least, most);
}

} // namespace

descriptor_plan plan_descriptors(const settings::all& settings, unsigned workers, std::uint64_t limit) {
    const std::uint64_t admin = share(limit, 16, 8, admin_connections);
    const std::uint64_t refusals = share(limit, 32UL * workers, 2, refusals_a_worker);
    const std::uint64_t store =
        settings.store.in_file() ? sqlite_descriptors : std::uint64_t{settings.store.connections} + 2;
    const std::uint64_t fixed = own_descriptors + workers * (worker_descriptors + refusals) + admin + store;
    const std::uint64_t left = limit > fixed ? limit - fixed : 0;
    // A call may need a connection to TikTok and a file, so callers' connections get at most half.
    const bool tells = std::any_of(settings.callers.begin(), settings.callers.end(),
                                   [](const settings::caller& one) { return !one.webhook_url.empty(); });
    const std::uint64_t behind = std::min(origins * workers * settings.tiktok.connections_per_host
                                              + file_descriptors + (tells ? webhooks_out : 0),
                                          left / 2);
    const std::uint64_t room = std::max(left - behind, least_connections);
    descriptor_plan plan;
    plan.limit = limit;
    plan.connections_max =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(settings.listen.connections_max, room));
    plan.admin_connections_max = static_cast<std::uint32_t>(admin);
    plan.refusals_max = static_cast<std::uint32_t>(refusals);
    plan.handshakes_max =
        static_cast<std::uint32_t>(share(plan.connections_max, 10UL * workers, 8, handshakes_a_worker));
    return plan;
}

std::uint64_t descriptor_limit() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 1024; // the usual minimum of systems
    return files.rlim_cur;
}

std::string warning_of(const descriptor_plan& plan, const settings::all& settings) {
    if (plan.connections_max >= settings.listen.connections_max) return {};
    return "there is room for " + std::to_string(plan.connections_max) + " connections instead of "
           + std::to_string(settings.listen.connections_max) + ", since the process may open "
           + std::to_string(plan.limit)
           + " descriptors; raise that (ulimit -n, LimitNOFILE) or lower the setting";
}

} // namespace gateway::app
