#include "app/upstream_worker.hpp"

#include "app/start_failure.hpp"
#include "base/url_rules.hpp"
#include "telemetry/sink.hpp"

#include <string>

namespace gateway::app {

namespace {

outbound::client_limits limits_of(const settings::tiktok& from, const caller_count& callers) {
    return {.connections_per_origin = from.connections_per_host,
            .waiters_per_origin = from.waiters_per_host,
            .callers = &callers};
}

std::string redirect_uri_of(const settings::all& settings) {
    std::string base = settings.public_url;
    while (base.ends_with('/'))
        base.pop_back();
    return base + "/oauth/callback";
}

} // namespace

outbound::origin api_of(const settings::all& settings) {
    const auto read = read_web_address(settings.tiktok.api_url);
    if (!read || !read->secure || (!read->path.empty() && read->path != "/"))
        throw start_failure(exit_settings,
                            "tiktok.api_url: must be an https origin such as "
                            "https://open.tiktokapis.com");
    return {read->host, read->port};
}

upstream_worker::upstream_worker(unsigned index, const settings::all& settings, tiktok::app_credentials& app,
                                 const outbound::tls_client_context& tls, outbound::resolver& names,
                                 const caller_count& callers, telemetry::sink& counts)
    : home(index),
      client(home, tls, names, limits_of(settings.tiktok, callers)),
      oauth(client, api_of(settings), app, redirect_uri_of(settings), &counts.of_worker(index)) {
    home.observe_lag([this](std::chrono::nanoseconds) {
        const auto stats = client.stats();
        idle.store(stats.idle, std::memory_order_relaxed);
        active.store(stats.active, std::memory_order_relaxed);
        waiting.store(stats.waiting, std::memory_order_relaxed);
    });
}

} // namespace gateway::app
