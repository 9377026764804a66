#include "deterministic/post_replica.hpp"

#include "actions/table.hpp"
#include "base/fair_share.hpp"
#include "deterministic/replica.hpp"
#include "idempotency/recovery.hpp"
#include "idempotency/run_once.hpp"
#include "limits/address_limiter.hpp"
#include "limits/window.hpp"
#include "outbound/address_rules.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "posts/follower.hpp"
#include "posts/settlement.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/sink.hpp"
#include "tiktok/webhook.hpp"
#include "webhooks/deliverer.hpp"
#include "webhooks/receivers.hpp"
#include "windows/shared_windows.hpp"
#include "windows/window_rules.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <utility>

namespace gateway::simulation {

namespace webhooks_out = gateway::webhooks;

namespace {

/// Like service/store/postgresql/engine.cpp and app/crash_recovery.cpp.
task<void> stay_alive(store::store& store) {
    for (;;) {
        const auto beat = co_await store.on().beat(deadline::in(steady_now(), seconds{10}));
        static_cast<void>(beat);
        co_await pause_until(deadline::in(steady_now(), seconds{10}));
    }
}

task<void> run_settlement(store::store& store) {
    for (;;) {
        const auto until = deadline::in(steady_now(), seconds{300});
        const auto posts = co_await posts::settle_abandoned(store.ledger, until);
        const auto keys = co_await idempotency::recover_keys(store.keys, actions::table(), until);
        static_cast<void>(posts);
        static_cast<void>(keys);
        co_await pause_until(deadline::in(steady_now(), seconds{30}));
    }
}

/// Like app/follow_posts.cpp, less often, because a simulated day is long.
task<void> run_following(posts::follower& posts) {
    for (;;) {
        const auto begun = co_await posts.begin_looks(deadline::in(steady_now(), seconds{10}));
        static_cast<void>(begun);
        co_await pause_until(deadline::in(steady_now(), seconds{10}));
    }
}

task<result<outbound::reply>> nobody_asks(std::string, deadline, sharer) {
    co_return failure{errc::tiktok_unreachable, "no token is refreshed here"};
}

task<result<std::optional<open_id>>> nobody_is_named(user_id, secret, deadline) {
    co_return failure{errc::tiktok_unreachable, "no token is imported here"};
}

class text_source final : public body_source {
public:
    explicit text_source(std::string text) : text_(std::move(text)) {}
    std::uint64_t size_bytes() const override { return text_.size(); }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        const auto count = std::min(space.size(), text_.size() - read_);
        std::memcpy(space.data(), text_.data() + read_, count);
        read_ += count;
        co_return count;
    }

private:
    std::string text_;
    std::size_t read_ = 0;
};

const api::row& row_named(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const auto& row) { return row.slug == slug; });
}

/// Unused, because the simulated client needs neither.
const outbound::tls_client_context& no_tls() {
    static const outbound::tls_client_context one("");
    return one;
}
outbound::resolver& no_names() {
    static outbound::resolver one(outbound::resolver_options{});
    return one;
}
/// The counts are not read.
telemetry::sink& all_counts() {
    static telemetry::log_queue lines(-1);
    static telemetry::sink all({}, lines, telemetry::level::error, 1);
    return all;
}
telemetry::recorder& counts() {
    return all_counts().of_worker(0);
}

} // namespace

struct post_replica::parts {
    parts(worker& home, simulated_database& at, store_wire& wire, const settings::all& settings,
          const std::string& folder)
        : records(std::make_unique<store::store>(std::make_unique<simulated_engine>(at, wire, home.group()),
                                                 milliseconds{0})),
          client(home, no_tls(), no_names(), {}),
          ask(tiktok::send_form(nobody_asks), "open.tiktokapis.com", app,
              "https://gw.example/oauth/callback"),
          vault({records->connections, records->refreshes, records->proofs, records->revocations,
                 records->sealed, records->facts},
                simulated_keys(), "app-key"),
          tokens(home, ask, vault, records->refreshes, {}),
          table(windows::window_rules(settings.limits)),
          windows(home, records->on(), records->windows, table),
          quotas({limits::window_rule{}}),
          memory(settings.uploads.memory_bytes, 0, one_caller),
          tiktok(client, {"open.tiktokapis.com"}, tokens, windows, memory, settings.tiktok.upload_hosts,
                 counts()),
          disk(1, 16),
          files_settings{folder, settings.files.quota_bytes, settings.files.count_max,
                         settings.files.keep_hours},
          files(records->files, disk, memory, files_settings, one_caller),
          statuses(records->ledger),
          watch(home),
          posts(statuses, files, settings.tiktok.default_privacy_level, settings.uploads.keep_hours,
                settings.limits.per_day),
          connection_service(records->connections, records->logins, records->pending, vault, ask, tokens, {},
                             records->refreshes, nobody_is_named),
          looks(home, statuses, watch, tiktok, 100),
          keys(records->keys),
          webhooks(app),
          calls({std::make_shared<const pipeline::caller_book>(std::vector<settings::caller>{}), quotas,
                 unknown_keys, one_caller, 10'000},
                {settings.tiktok.verified_url_prefixes, memory, files, settings.uploads.keep_hours},
                {settings.deadlines, no_party}, {connection_service, tiktok}, records->ledger, files, keys,
                {posts, files, connection_service, keys, webhooks, records->outbox, redeliveries, watch}),
          deliverer({home, records->outbox, no_tls(), no_names(), addresses, one_caller, all_counts(),
                     store_is_good},
                    settings.webhooks, webhooks_out::receivers_of(settings.callers)) {}

    std::unique_ptr<store::store> records;
    outbound::client client;
    tiktok::app_credentials app{"app-key", secret{"app-secret"}};
    tiktok::oauth ask;
    vault::token_vault vault;
    tokens::token_service tokens;
    limits::window_table table;
    windows::shared_windows windows;
    limits::window_table quotas;
    limits::address_limiter unknown_keys{60, 1};
    caller_count one_caller;
    limits::shared_bytes memory;
    user_api::api_client tiktok;
    blocking_pool disk;
    settings::files files_settings;
    files::staged_file_store files;
    posts::status_book statuses;
    posts::post_watch watch;
    posts::publisher posts;
    connections::connection_service connection_service;
    posts::follower looks;
    idempotency::runner keys;
    tiktok::webhook_reader webhooks;
    const gateway::webhooks::redelivery_rules redeliveries;
    shutdown_cutoff calls_end;
    const waiting_party no_party{calls_end};
    pipeline::pipeline calls;
    const outbound::address_rules addresses{{}};
    const std::atomic<bool> store_is_good{true};
    webhooks_out::deliverer deliverer;
};

post_replica::post_replica(world& in, simulated_database& at, store_wire& wire, post_network& tiktok,
                           const settings::all& settings, const std::string& folder)
    : world_(in),
      loop_(std::make_unique<worker>()),
      stay_(loop_->executor()),
      alive_(std::make_shared<bool>(true)) {
    set_network(&tiktok);
    place_.loop = &loop_->loop();
    place_.waits_at = virtual_time::newest_loop();
    parts_ = std::make_unique<parts>(*loop_, at, wire, settings, folder);
    world_.join(place_);
    group().spawn(stay_alive(*parts_->records));
    group().spawn(run_settlement(*parts_->records));
    parts_->watch.use(parts_->statuses, parts_->tiktok);
    parts_->records->ledger.tell(&parts_->watch);
    if (!settings.callers.empty()) group().spawn(parts_->deliverer.run());
    if (settings.posts.looks_per_second > 0) group().spawn(run_following(parts_->looks));
}

post_replica::~post_replica() {
    *alive_ = false;
    world_.leave(place_);
    stay_.reset();
    loop_.reset();
}

void post_replica::stand_still(milliseconds time) {
    place_.paused = true;
    world_.after(time, [this, alive = alive_] {
        if (*alive) place_.paused = false;
    });
}

task<result<vault::saved_grant>> post_replica::log_in(user_id user) {
    vault::fresh_tokens fresh;
    fresh.access_token = secret{"act." + user.text()};
    fresh.refresh_token = secret{"rft." + user.text()};
    fresh.account = open_id::trusted("open-" + user.text());
    fresh.scopes = "video.upload,video.publish";
    fresh.access_lifetime = fresh.refresh_lifetime = std::chrono::hours{24 * 30};
    return parts_->vault.save_grant(std::move(user), std::move(fresh), vault::account_change::allowed, {},
                                    wall_now(), deadline::in(steady_now(), seconds{10}));
}

task<bool> post_replica::tell(tiktok::webhook_event event) {
    const auto told =
        co_await parts_->posts.on_webhook(event, wall_now(), deadline::in(steady_now(), seconds{10}));
    co_return told.has_value();
}

task<post_result> post_replica::serve(post_call what) {
    text_source body(std::move(what.body));
    telemetry::call_record record;
    record.request_id = "r";
    pipeline::checked_names names;
    pipeline::request request;
    request.names = &names;
    request.what = &row_named(what.slug);
    api::path_parameters path;
    path.add("user_id") = what.user;
    request.path = &path;
    request.query = what.query;
    request.idempotency_key = what.key;
    request.has_idempotency_key = !what.key.empty();
    request.content_type = what.content_type;
    request.content_length = body.size_bytes();
    request.has_body = true;
    request.body = &body;
    request.arrived = steady_now();
    request.arrived_wall = wall_now();
    api::outcome out;
    co_await parts_->calls.serve(request, record, out);
    post_result seen;
    seen.status = api::write_envelope(seen.envelope, out, record.request_id);
    seen.code = record.code;
    co_return seen;
}

} // namespace gateway::simulation
