#include "app/serving_worker.hpp"

#include "app/start_failure.hpp"
#include "base/url_rules.hpp"
#include "pipeline/caller_book.hpp"
#include "telemetry/sink.hpp"

namespace gateway::app {

namespace {

outbound::client_limits limits_of(const settings::tiktok& from) {
    outbound::client_limits limits;
    limits.connections_per_origin = from.connections_per_host;
    limits.waiters_per_origin = from.waiters_per_host;
    return limits;
}

outbound::origin api_of(const settings::all& settings) {
    const auto read = read_web_address(settings.tiktok.api_url);
    if (!read || !read->secure || (!read->path.empty() && read->path != "/"))
        throw start_failure(exit_settings,
                            "tiktok.api_url: must be an https origin such as "
                            "https://open.tiktokapis.com");
    return {read->host, read->port};
}

std::string redirect_uri_of(const settings::all& settings) {
    std::string base = settings.public_url;
    while (base.ends_with('/'))
        base.pop_back();
    return base + "/oauth/callback";
}

} // namespace

reaching_worker::reaching_worker(unsigned index, const settings::all& settings,
                                 const outbound::tls_client_context& tls, outbound::resolver& names)
    : home(index),
      client(home, tls, names, limits_of(settings.tiktok)),
      oauth(client, api_of(settings), settings.tiktok.client_key, settings.tiktok.client_secret.copy(),
            redirect_uri_of(settings)) {
    home.observe_lag([this](std::chrono::nanoseconds) {
        const auto stats = client.stats();
        idle.store(stats.idle, std::memory_order_relaxed);
        active.store(stats.active, std::memory_order_relaxed);
        waiting.store(stats.waiting, std::memory_order_relaxed);
    });
}

serving_worker::serving_worker(reaching_worker& worker, const shared_parts& shared, std::uint16_t port)
    : on(worker),
      uploads(worker.client, shared.memory, shared.settings.tiktok.upload_hosts,
              shared.sink.of_worker(worker.home.index())),
      tiktok(worker.client, api_of(shared.settings), shared.tokens, shared.windows, uploads,
             shared.sink.of_worker(worker.home.index())),
      posts(shared.store, shared.files, shared.settings.tiktok.default_privacy_level,
            shared.settings.uploads.keep_hours),
      desk(shared.store, shared.vault, worker.oauth, shared.tokens, shared.settings),
      calls({shared.callers, shared.quotas, shared.unknown_keys},
            {shared.settings.tiktok.verified_url_prefixes, shared.memory, shared.files,
             shared.settings.uploads.keep_hours},
            {shared.settings.deadlines, shared.door.calls_end}, {desk, tiktok}, shared.store, shared.files,
            shared.keys, {posts, shared.files, desk, shared.keys, shared.webhooks}),
      listener(inbound::api_parts{worker.home, shared.settings.listen, shared.routes, calls,
                                  shared.sink.of_worker(worker.home.index()), shared.door, shared.tls,
                                  shared.callers->open()},
               shared.settings.listen.address, port, shared.bounds) {}

void serving_worker::renew(const renewed_parts& with) {
    calls.change_callers(with.callers);
    listener.change_certificate(with.tls);
    listener.change_hosts(with.callers->open());
}

} // namespace gateway::app
