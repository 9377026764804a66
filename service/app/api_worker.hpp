// The rest of one worker, above its way to TikTok: from TikTok's API bound to users up to the listener, in
// order of life. Made by `service` of its parts; used on the worker's thread.
#pragma once
#include "app/upstream_worker.hpp"
#include "connections/connection_service.hpp"
#include "inbound/api_listener.hpp"
#include "pipeline/pipeline.hpp"
#include "posts/publisher.hpp"
#include "user_api/account_check.hpp"
#include "user_api/api_client.hpp"

#include <cstdint>
#include <memory>

namespace gateway::app {

class service;

struct api_worker {
    /// `port` 0 chooses one; throws if the address cannot be bound.
    api_worker(service& of, upstream_worker& on, std::uint16_t port);

    /// What SIGHUP gives a worker anew; all of it between two steps of the loop, so that no call meets a
    /// half.
    void renew(std::shared_ptr<const pipeline::caller_book> callers,
               std::shared_ptr<const tls_server_context> certificate, const settings::daily_caps& caps);

    upstream_worker& on;
    user_api::api_client tiktok;
    user_api::account_check account_check;
    posts::publisher posts;
    connections::connection_service connection_service;
    pipeline::pipeline calls;
    inbound::api_listener listener;

private:
    void give_callers(std::shared_ptr<const pipeline::caller_book> callers);
};

} // namespace gateway::app
