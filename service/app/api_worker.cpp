#include "app/api_worker.hpp"

#include "app/service.hpp"

#include <utility>

namespace gateway::app {

api_worker::api_worker(service& of, upstream_worker& worker, std::uint16_t port)
    : on(worker),
      tiktok(worker.client, api_of(of.settings_), of.tokens_, of.windows_, of.memory_,
             of.settings_.tiktok.upload_hosts, of.sink_.of_worker(worker.home.index())),
      posts(of.store_->ledger, of.files_, of.settings_.tiktok.default_privacy_level,
            of.settings_.uploads.keep_hours),
      connection_service(of.store_->connections, of.store_->logins, of.vault_, worker.oauth, of.tokens_,
                         {of.settings_.tiktok.authorize_url, of.settings_.public_url,
                          of.settings_.tiktok.scopes, of.settings_.tiktok.pkce}),
      calls(
          {of.callers_, of.quotas_, of.unknown_keys_},
          {of.settings_.tiktok.verified_url_prefixes, of.memory_, of.files_, of.settings_.uploads.keep_hours},
          {of.settings_.deadlines, of.listeners_.calls_end}, {connection_service, tiktok}, of.store_->ledger,
          of.files_, of.keys_, {posts, of.files_, connection_service, of.keys_, of.webhooks_}),
      listener({worker.home, of.settings_.listen, of.routes_, calls, of.sink_.of_worker(worker.home.index()),
                of.listeners_, of.certificate_, of.callers_->open()},
               of.settings_.listen.address, port,
               {of.descriptors_.connections_max, of.descriptors_.refusals_max}) {}

void api_worker::renew(std::shared_ptr<const pipeline::caller_book> callers,
                       std::shared_ptr<const tls_server_context> certificate) {
    listener.change_certificate(std::move(certificate));
    listener.change_hosts(callers->open());
    calls.change_callers(std::move(callers));
}

} // namespace gateway::app
