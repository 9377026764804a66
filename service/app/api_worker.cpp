#include "app/api_worker.hpp"

#include "app/read_settings.hpp"
#include "app/service.hpp"
#include "user_api/display_name.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace gateway::app {
namespace {

/// Each connection has one call at a time, and the kernel spreads them over the workers.
std::uint64_t calls_max_of(const descriptor_plan& plan, const settings::all& settings) {
    return std::max<std::uint64_t>(1, plan.connections_max / workers_of(settings));
}

} // namespace

api_worker::api_worker(service& of, upstream_worker& worker, std::uint16_t port)
    : on(worker),
      tiktok(worker.client, api_of(of.settings_), of.tokens_, of.windows_, of.memory_,
             of.settings_.tiktok.upload_hosts, of.sink_.of_worker(worker.home.index())),
      account_check(tiktok),
      posts(of.statuses_, of.files_, of.settings_.tiktok.default_privacy_level,
            of.settings_.uploads.keep_hours, of.settings_.limits.per_day),
      connection_service(
          of.store_->connections, of.store_->logins, of.store_->pending, of.vault_, worker.oauth, of.tokens_,
          {of.settings_.tiktok.authorize_url, of.settings_.public_url, of.settings_.tiktok.scopes,
           of.settings_.tiktok.pkce},
          of.store_->refreshes,
          [this](user_id user, secret access_token, deadline until) {
              return account_check.ask(std::move(user), std::move(access_token), until);
          },
          &of.sink_,
          [this](user_id user, deadline until) {
              return user_api::display_name(tiktok, std::move(user), until);
          }),
      calls(
          {of.callers_, of.quotas_, of.unknown_keys_, of.several_,
           calls_max_of(of.descriptors_, of.settings_), &of.start_done_},
          {of.settings_.tiktok.verified_url_prefixes, of.memory_, of.files_, of.settings_.uploads.keep_hours},
          {of.settings_.deadlines, of.listeners_.no_party}, {connection_service, tiktok}, of.store_->ledger,
          of.files_, of.keys_,
          {posts, of.files_, connection_service, of.keys_, of.webhooks_, of.store_->outbox, of.redeliveries_,
           of.watch_}),
      listener(
          {worker.home, of.settings_.listen, of.routes_, calls, of.sink_.of_worker(worker.home.index()),
           of.listeners_, of.certificate_, of.settings_.public_url, of.callers_->open()},
          of.settings_.listen.address, port,
          {of.descriptors_.connections_max, of.descriptors_.refusals_max, of.descriptors_.handshakes_max}) {
    connection_service.wait_for_store(of.start_done_);
    give_callers(of.callers_);
}

/// A login is judged by the callers of the moment in which its browser comes back.
void api_worker::give_callers(std::shared_ptr<const pipeline::caller_book> callers) {
    connection_service.change_callers(
        [callers = std::move(callers)](std::string_view name) { return callers->named(name); });
}

void api_worker::renew(std::shared_ptr<const pipeline::caller_book> callers,
                       std::shared_ptr<const tls_server_context> certificate,
                       const settings::daily_caps& caps) {
    posts.change_caps(caps);
    listener.change_certificate(std::move(certificate));
    listener.change_hosts(callers->open());
    give_callers(callers);
    calls.change_callers(std::move(callers));
}

} // namespace gateway::app
