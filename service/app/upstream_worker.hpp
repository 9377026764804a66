// A worker and its way to TikTok: what token refreshes stand on, so it comes before them in the order of
// life. Made by `service`; used on its own thread.
#pragma once
#include "outbound/client.hpp"
#include "runtime/worker.hpp"
#include "settings/settings.hpp"
#include "tiktok/oauth.hpp"

#include <atomic>
#include <cstdint>

namespace gateway::telemetry {
class sink;
}

namespace gateway::app {

/// Of `tiktok.api_url`. Throws start_failure.
outbound::origin api_of(const settings::all& settings);

struct upstream_worker {
    upstream_worker(unsigned index, const settings::all& settings, tiktok::app_credentials& app,
                    const outbound::tls_client_context& tls, outbound::resolver& names,
                    const caller_count& callers, telemetry::sink& counts);

    worker home;
    outbound::client client;
    tiktok::oauth oauth;
    // Read at each scrape; written four times a second by this worker, because only it may access its pool.
    std::atomic<std::uint32_t> idle{0}, active{0}, waiting{0};
};

} // namespace gateway::app
