#include "app/service.hpp"

#include "actions/table.hpp"
#include "app/read_settings.hpp"
#include "base/digest.hpp"
#include "base/json/values.hpp"
#include "base/start_fault.hpp"
#include "idempotency/recovery.hpp"
#include "runtime/keep_running.hpp"
#include "tiktok/endpoint.hpp"
#include "windows/window_rules.hpp"

#include <boost/json/object.hpp>

#include <cstring>
#include <optional>
#include <unistd.h>

namespace gateway::app {

namespace {

constexpr unsigned blocking_threads = 4;
constexpr std::size_t blocking_queue_max = 1024;
constexpr unsigned webhook_lookups = 2;
constexpr seconds start_step_within{30};

telemetry::label_sets labels() {
    telemetry::label_sets sets;
    for (const auto& row : actions::table())
        sets.actions.push_back(row.slug);
    for (const auto& row : tiktok::endpoints)
        sets.endpoints.push_back(row.name);
    for (auto at = tokens::refresh_result::refreshed; at <= tokens::refresh_result::store_failed;
         at = static_cast<tokens::refresh_result>(static_cast<int>(at) + 1))
        sets.refresh_results.push_back(tokens::name_of(at));
    sets.login_results = connections::login_results();
    return sets;
}

/// One line until TikTok takes the app again or the secret is changed, however many refreshes and logins meet
/// it.
tiktok::app_credentials::observer log_refused_app(telemetry::sink& sink) {
    return [&sink](const tiktok_error_text& words) {
        sink.log(
            telemetry::level::error, "app_refused",
            {{"tiktok_code", words.code},
             {"log_id", words.log_id},
             {"cure",
              "TikTok refuses tiktok.client_key or tiktok.client_secret; no connection is lost: give the "
              "right secret and send SIGHUP (another key takes a restart)"}});
    };
}

std::vector<std::unique_ptr<upstream_worker>> upstream_workers_of(
    const settings::all& settings, tiktok::app_credentials& app, const outbound::tls_client_context& trust,
    outbound::resolver& names, const caller_count& callers, telemetry::sink& counts) {
    std::vector<std::unique_ptr<upstream_worker>> workers;
    for (unsigned index = 0; index < workers_of(settings); ++index)
        workers.push_back(
            std::make_unique<upstream_worker>(index, settings, app, trust, names, callers, counts));
    return workers;
}

std::unique_ptr<store::store> store_of(const settings::all& settings) {
    store::store_limits limits;
    limits.connections = settings.store.connections;
    auto opened = store::open_store(settings.store.url.reveal(), limits, settings.store.schema,
                                    store::if_away::open_later);
    if (opened) return std::move(*opened);
    // What others may do there, or another program's file, is for the operator to set right.
    const bool stays = opened.error().code() == errc::invalid_input;
    throw refused(settings, stays && !settings.store.in_file() ? "store.schema" : "store.url",
                  opened.error().message(), stays ? exit_settings : exit_failed);
}

/// Beside a store of one process, whose lock keeps others away; a shared store has the usage of all replicas.
windows::journal_file window_journal_of(const settings::all& settings) {
    const auto store = store::file_of_store(settings.store.url.reveal());
    if (store.empty()) return {};
    windows::journal_options options;
    options.path = store + "-windows";
    options.entries_per_part = windows::entries_for(workers_of(settings));
    options.boot = windows::this_boot();
    return {options, steady_now()};
}

tokens::token_service_settings tokens_settings_of(const settings::vault& from, const caller_count& callers) {
    return {.refresh_per_second = from.refresh_per_second,
            .refresh_ahead = from.refresh_ahead,
            .propagation_grace = from.propagation_grace,
            .callers = &callers};
}

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    const auto bytes = random_bytes(sizeof seed);
    std::memcpy(&seed, bytes.data(), sizeof seed);
    return seed;
}

template <class T>
task<void> keep_result(task<T> step, std::optional<T>& into) {
    T got = co_await std::move(step);
    into.emplace(std::move(got));
}
/// Runs one step of the start to its end, before the workers' threads exist. Rethrows its exceptions.
template <class T>
T await_on(worker& home, task<T> step) {
    std::optional<T> got;
    home.group().spawn(keep_result(std::move(step), got));
    while (!got && !home.group().first_fault()) {
        // The loop stopped without running a handler, because the work of an earlier step ended late.
        if (home.loop().run_one() == 0) home.loop().restart();
    }
    if (const auto fault = home.group().first_fault()) std::rethrow_exception(fault);
    home.loop().restart();
    return std::move(*got);
}

std::string url_of(bool tls, const std::string& address, std::uint16_t port) {
    const bool six = address.find(':') != std::string::npos;
    return std::string(tls ? "https://" : "http://") + (six ? "[" + address + "]" : address) + ":"
           + std::to_string(port);
}

} // namespace

service::service(const settings::all& settings)
    : settings_(settings),
      descriptors_(plan_descriptors(settings, workers_of(settings), descriptor_limit())),
      lines_(STDOUT_FILENO, &several_),
      sink_(labels(), lines_, telemetry::level_of(settings.log.level), workers_of(settings)),
      app_(settings.tiktok.client_key, settings.tiktok.client_secret.copy(), log_refused_app(sink_)),
      trust_(settings.tiktok.ca_file),
      certificate_(read_certificate(settings)),
      certificate_ends_(certificate_ ? certificate_->expires_at() : wall_time{}),
      names_({.fixed = settings.tiktok.resolve}),
      upstream_workers_(upstream_workers_of(settings, app_, trust_, names_, several_, sink_)),
      pool_(blocking_threads, blocking_queue_max, &several_),
      store_(store_of(settings)),
      vault_({store_->connections, store_->refreshes, store_->proofs, store_->revocations, store_->sealed,
              store_->facts},
             read_key_ring(settings), settings.tiktok.client_key, settings.vault.cached_users),
      tokens_(upstream_workers_[0]->home, upstream_workers_[0]->oauth, vault_, store_->refreshes,
              tokens_settings_of(settings.vault, several_), &sink_),
      window_journal_(window_journal_of(settings)),
      window_table_(windows::window_rules(settings.limits), window_journal_.take()),
      windows_(upstream_workers_[0]->home, store_->on(), store_->windows, window_table_),
      statuses_(store_->ledger),
      watch_(upstream_workers_[0]->home),
      memory_(settings.uploads.memory_bytes, settings.deadlines.upload_bytes_per_second_min, several_),
      files_(store_->files, pool_, memory_, settings.files, several_,
             [this](const file_id& file, std::string_view what) {
                 sink_.log(telemetry::level::error, "file_damaged",
                           {{"file_id", file.text()}, {"reason", what}});
             }),
      keys_(store_->keys),
      parties_(listeners_.calls_end),
      callers_(std::make_shared<const pipeline::caller_book>(settings.callers, &parties_)),
      quotas_({}),
      unknown_keys_(settings.limits.unknown_keys_per_minute, random_seed()),
      webhooks_(app_),
      routes_(actions::table()),
      webhook_trust_(settings.webhooks.ca_file),
      webhook_names_({.fixed = settings.tiktok.resolve, .threads = webhook_lookups}),
      webhook_addresses_(settings.webhooks.allowed_hosts),
      redeliveries_{std::chrono::hours{settings.webhooks.retry_hours}},
      deliverer_({upstream_workers_[0]->home, store_->outbox, webhook_trust_, webhook_names_,
                  webhook_addresses_, several_, sink_, health_.good},
                 settings.webhooks, webhooks::receivers_of(settings.callers)) {
    several_.set(settings.callers.size());
    idempotency::check_recovery(actions::table());
    vault_.on_older_record([this](const user_id& user) {
        sink_.log(telemetry::level::error, "vault_older_record", {{"user", user.text()}});
    });
    open_spool();
    if (store_->on().is_open()) check_keys();
    open_listeners();
    register_gauges();
}

/// Pairs that an earlier process left there are known before anything is served, so that none of them is
/// refreshed again.
void service::open_spool() {
    spool_ = std::make_unique<vault::pair_spool>(vault_, settings_.spool_directory());
    vault_.use_spool(spool_.get());
}

/// A ring that cannot open the store's values must be detected now, not at the first call (V06). A server
/// that went away meanwhile is waited for (finish_start.cpp).
void service::check_keys() {
    const auto checked = await_on(upstream_workers_[0]->home,
                                  vault_.check_keys(deadline::in(steady_now(), start_step_within)));
    start_done_.store(checked.has_value());
    if (checked) return;
    if (checked.error().code() == errc::invalid_input)
        throw refused(settings_, "vault.keys_file", checked.error().message());
    if (settings_.store.in_file())
        throw refused(settings_, "store.url", checked.error().message(), exit_failed);
}

service::~service() {
    stop();
    store_->on().stop_listening(watch_);
    store_->ledger.tell(nullptr); // the store writes what is late until its own end
}

void service::open_listeners() {
    std::string_view section = "listen.";
    try {
        make_api_workers();
        section = "admin.";
        inbound::admin_parts with{upstream_workers_[0]->home, [this] { return sink_.scrape(); },
                                  [this] { return why_not_ready(); }, listeners_,
                                  descriptors_.admin_connections_max};
        admin_ = std::make_unique<inbound::admin_listener>(std::move(with), settings_.admin.address,
                                                           settings_.admin.port);
    } catch (const start_fault& why) {
        throw refused(settings_, std::string(section) + why.key, why.what(),
                      why.may_heal ? exit_failed : exit_settings);
    }
}

void service::make_api_workers() {
    std::uint16_t port = settings_.listen.port;
    for (auto& one : upstream_workers_) {
        api_workers_.push_back(std::make_unique<api_worker>(*this, *one, port));
        port = api_workers_.back()->listener.port(); // the first one chooses it, the others share it
    }
    auto& first = *api_workers_.front();
    watch_.use(statuses_, first.tiktok);
    store_->ledger.tell(&watch_);
    for (auto& one : api_workers_)
        one->tiktok.observe(&watch_);
    store_->on().listen(watch_);
    follower_ = std::make_unique<posts::follower>(first.on.home, statuses_, watch_, first.tiktok,
                                                  settings_.posts.looks_per_second);
    for (auto& one : api_workers_)
        for (auto& other : api_workers_)
            if (one != other) one->listener.add_other(other->listener);
}

std::string service::why_store_is_away() const {
    const auto trouble = store_->on().trouble();
    return "the store does not answer" + (trouble.empty() ? "" : ": " + trouble);
}

std::vector<std::string> service::why_not_ready() const {
    std::vector<std::string> reasons;
    if (listeners_.now.load(std::memory_order_relaxed) != inbound::phase::serving)
        reasons.emplace_back("draining");
    if (auto why = trouble_of_start(); !why.empty())
        reasons.push_back(std::move(why));
    else if (!start_done_.load() && store_->on().is_open())
        reasons.emplace_back("the key ring is being checked");
    else if (!health_.has_room.load(std::memory_order_relaxed))
        reasons.emplace_back("the store has no room");
    else if (!start_done_.load() || !health_.good.load(std::memory_order_relaxed))
        reasons.push_back(why_store_is_away());
    return reasons;
}

/// Work on the first worker; an exception in one is noted, and it goes on.
void service::keep(std::function<task<void>()> start) {
    auto& first = upstream_workers_[0]->home;
    const auto note = [&first](const std::exception_ptr& fault) { first.note_fault(fault); };
    first.group().spawn(keep_running(std::move(start), note));
}

void service::start_background() {
    health_.good.store(start_done_.load());
    keep([this] {
        return run_health_checks(*store_, sink_, health_, [this](const std::string& reason) {
            store_lost_.store(true);
            end_for("store_beyond_help", settings_.store.in_file()
                                             ? std::string(settings_.store.url.reveal()) + ": " + reason
                                             : reason);
        });
    });
    keep([this] { return run_count_reports(sink_, listeners_, [this] { return faults(); }); });
    keep([this] { return run_memory_return(listeners_, pool_); });
    if (start_done_.load())
        start_upkeep();
    else
        keep([this] { return finish_start(); });
}

/// What works on the store, once its keys are known to be right.
void service::start_upkeep() {
    keep([this] { return run_refresh_recovery(tokens_, sink_, health_); });
    keep([this] { return run_spool(*spool_, tokens_, api_workers_[0]->connection_service, health_); });
    keep([this] { return run_settlement(store_->ledger, store_->keys, sink_, health_); });
    keep([this] { return run_following(*follower_, store_->ledger, sink_, health_); });
    keep([this] { return keep_newest_key(vault_, sink_); });
    keep([this] { return sort_out_apps(vault_, store_->connections, sink_, health_); });
    keep([this] { return run_revocations(api_workers_[0]->connection_service, sink_, health_); });
    keep([this] { return run_sweep_of_unfinished(api_workers_[0]->connection_service, sink_, health_); });
    const milliseconds keep_posts = std::chrono::hours{24} * settings_.posts.keep_days;
    keep(
        [this, keep_posts] { return run_sweeps(*store_, files_, vault_.app(), keep_posts, sink_, health_); });
    keep([this] { return run_connection_counts(store_->connections, health_); });
    keep([this] { return deliverer_.run(); });
    keep([this] { return deliverer_.watch_oldest(); });
    keep([this] { return run_idle_user_refresh(store_->connections, tokens_, sink_); });
}

std::uint64_t service::faults() const {
    std::uint64_t sum = store_->on().faults();
    for (const auto& one : upstream_workers_)
        sum += one->home.faults();
    return sum;
}

void service::start() {
    for (auto& one : api_workers_)
        one->listener.start();
    admin_->start();
    start_background();
    const boost::json::object line{
        {"event", "listening"},
        {"api", url_of(certificate_ != nullptr, settings_.listen.address, api_workers_[0]->listener.port())},
        {"admin", url_of(false, settings_.admin.address, admin_->port())}};
    lines_.push(serialize_json(line));
    tell_of_spool();
    tell_wrong_dates(settings_);
    tell_unknown_windows();
    if (const auto warning = warning_of(descriptors_, settings_); !warning.empty())
        sink_.log(telemetry::level::warn, "connections_max_lowered", {{"reason", warning}});
    for (auto& one : upstream_workers_)
        threads_.emplace_back([this, worker = one.get()] { run_worker(*worker); });
}

} // namespace gateway::app
