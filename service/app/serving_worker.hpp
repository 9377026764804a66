// The parts of one worker, in the order of their lifetimes. Made by `service`; used on its thread.
#pragma once
#include "connections/desk.hpp"
#include "inbound/api_listener.hpp"
#include "outbound/client.hpp"
#include "pipeline/pipeline.hpp"
#include "posts/publisher.hpp"
#include "runtime/worker.hpp"
#include "tiktok/oauth.hpp"
#include "user_api/api_client.hpp"
#include "user_api/chunk_sender.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace gateway::telemetry {
class sink;
}
namespace gateway::files {
class shelf;
}
namespace gateway::vault {
class token_vault;
}
namespace gateway::idempotency {
class runner;
}
namespace gateway::pipeline {
class caller_book;
}
namespace gateway::tiktok {
class webhook_reader;
}

namespace gateway::app {

/// A worker and its client for TikTok, which token refreshes need, so it is made first.
struct reaching_worker {
    reaching_worker(unsigned index, const settings::all& settings, const outbound::tls_client_context& tls,
                    outbound::resolver& names);

    worker home;
    outbound::client client;
    tiktok::oauth oauth;
    // Read at each scrape; written four times a second by this worker, because only it may access its pool.
    std::atomic<std::uint32_t> idle{0}, active{0}, waiting{0};
};

/// The parts that all workers share for serving.
struct shared_parts {
    const settings::all& settings;
    store::store& store;
    vault::token_vault& vault;
    files::shelf& files;
    tokens::token_service& tokens;
    windows::shared_windows& windows;
    limits::window_table& quotas;
    limits::address_limiter& unknown_keys;
    byte_budget& memory;
    idempotency::runner& keys;
    const tiktok::webhook_reader& webhooks;
    std::shared_ptr<const pipeline::caller_book> callers;
    const inbound::router& routes;
    inbound::door_state& door;
    telemetry::sink& sink;
    inbound::connection_bounds bounds;
    std::shared_ptr<const tls_server_context> tls; // null: plain
};

/// The parts of a worker that SIGHUP replaces.
struct renewed_parts {
    std::shared_ptr<const pipeline::caller_book> callers;
    std::shared_ptr<const tls_server_context> tls; // null: plain
};

/// The other parts of one worker, from TikTok's API up to the listener.
struct serving_worker {
    /// `port` 0 chooses one; throws if the address cannot be bound.
    serving_worker(reaching_worker& on, const shared_parts& shared, std::uint16_t port);

    /// Replaces all of them between two steps of the loop, so that every call has either the old or the new
    /// ones. On the worker's thread.
    void renew(const renewed_parts& with);

    reaching_worker& on;
    user_api::uploader uploads;
    user_api::api_client tiktok;
    posts::publisher posts;
    connections::desk desk;
    pipeline::pipeline calls;
    inbound::api_listener listener;
};

} // namespace gateway::app
