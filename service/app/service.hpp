// The running service: all parts in the order of their lifetimes, and the shutdown. Made and used by the main
// thread; each worker has its own thread. The constructor does everything that can fail; nothing is served
// before start().
#pragma once
#include "app/api_worker.hpp"
#include "app/background.hpp"
#include "app/descriptors.hpp"
#include "base/fair_share.hpp"
#include "files/staged_file_store.hpp"
#include "idempotency/run_once.hpp"
#include "inbound/admin_listener.hpp"
#include "inbound/listener_state.hpp"
#include "inbound/router.hpp"
#include "limits/address_limiter.hpp"
#include "limits/shared_bytes.hpp"
#include "limits/window.hpp"
#include "outbound/address_rules.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "pipeline/caller_book.hpp"
#include "posts/follower.hpp"
#include "posts/post_watch.hpp"
#include "posts/status_book.hpp"
#include "runtime/blocking.hpp"
#include "runtime/tls_server.hpp"
#include "settings/loader.hpp"
#include "settings/settings.hpp"
#include "store/store.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/sink.hpp"
#include "tiktok/app_credentials.hpp"
#include "tiktok/webhook.hpp"
#include "tokens/token_service.hpp"
#include "vault/pair_spool.hpp"
#include "vault/token_vault.hpp"
#include "webhooks/deliverer.hpp"
#include "windows/journal_file.hpp"
#include "windows/shared_windows.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gateway::app {

class signals;
class told_reason;

/// The results of SIGHUPs since the start; written by the service, read at each scrape.
struct reload_counts {
    std::atomic<std::uint64_t> taken{0}, refused{0};
};

class service {
public:
    /// Throws start_failure, or the exception of a part that cannot be made.
    explicit service(const settings::all& settings);
    ~service();
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    /// Begins to accept, and prints the addresses on the first line.
    void start();
    /// Logs what has started, with the settings in short.
    void tell_start(const std::string& settings_file);

    /// SIGHUP: reads the settings again with the checks of the start. Valid ones apply to calls that begin
    /// from then on; faults are logged with their key, and then nothing changes.
    void reload(const std::string& settings_file, const settings::environment& variables);
    /// After the first SIGTERM (docs/contract.md §8): reports not ready at once, accepts connections for
    /// `delay`, serves running calls until `deadline`; a second signal shortens both but never interrupts a
    /// token refresh. Then cancels what still runs and ends the threads.
    void drain(const settings::drain& times, signals& from);
    /// After drain(): true if a write could not be cancelled: its frame still refers to the parts, so they
    /// must not be destroyed.
    bool holds_unfinished_work() const;
    /// Ends the process at once, after writing the last log lines. All durable data is already written.
    [[noreturn]] void exit_process(int exit_code);

    telemetry::sink& sink() { return sink_; }
    /// A worker ended by a bug, or the store has failed for good: the process ends, to be started again.
    bool failed() const { return failed_.load(); }
    /// Nothing can be written any more, so waiting is useless.
    bool store_lost() const { return store_lost_.load(); }

private:
    friend struct api_worker; // is made of the parts below

    void open_spool();
    void tell_of_spool();
    void open_listeners();
    void make_api_workers();
    void register_gauges();
    void register_store_gauges();
    void register_vault_gauges();
    void register_post_gauges();
    void register_webhook_metrics();
    void tell_wrong_dates(const settings::all& from);
    void tell_unknown_windows();
    void check_keys();
    void keep(std::function<task<void>()> start);
    void start_background();
    void start_upkeep();
    std::uint64_t faults() const;
    std::vector<std::string> why_not_ready() const;
    std::string why_store_is_away() const;
    void run_worker(upstream_worker& one);
    void stop();

    // The end of the start, when the store comes late (finish_start.cpp).
    task<void> finish_start();
    task<bool> check_keys_late(told_reason& told);
    void note_trouble_of_start(std::string why);
    std::string trouble_of_start() const;

    // From the main thread to the workers (workers.cpp).
    void on_each_worker(const std::function<void(api_worker& worker, std::function<void()> completed)>& step,
                        milliseconds within);
    result<void> on_first_worker(std::function<task<result<void>>()> start, milliseconds within);

    // Steps of the drain and of SIGHUP.
    void close_listeners(milliseconds handshake_time);
    void end_idle_connections();
    bool anything_left() const;
    void wait_until_nothing_is_left(signals& from, steady_time until);
    void finish_refreshes();
    void finish_webhooks();
    void give_shares_back();
    result<void> change_keys(vault::key_ring fresh);
    void renew(const settings::all& fresh, std::shared_ptr<const tls_server_context> certificate);

    void end_for(std::string_view event, std::string_view reason);

    const settings::all& settings_; // of the start; changes by SIGHUP go directly to the parts
    const descriptor_plan descriptors_;

    caller_count several_; // read by every bound that callers share

    // What everything reports to.
    telemetry::log_queue lines_;
    telemetry::sink sink_;

    tiktok::app_credentials app_; // of the settings; SIGHUP changes the secret

    // The threads and their way to TikTok. Our own certificate is read before anything is made that stays.
    outbound::tls_client_context trust_;
    std::shared_ptr<const tls_server_context> certificate_; // null: plain
    std::atomic<wall_time> certificate_ends_;               // for a metric
    outbound::resolver names_;
    std::unique_ptr<vault::pair_spool>
        spool_; // outlives the frames that hold its pairs; its thread ends in stop()
    std::vector<std::unique_ptr<upstream_worker>> upstream_workers_;
    blocking_pool pool_; // destroyed before the loops to which it returns results

    // What is durable, and what uses it: tokens, windows, files, keys.
    std::unique_ptr<store::store> store_;
    vault::token_vault vault_;
    tokens::token_service tokens_;
    windows::journal_file window_journal_;
    limits::window_table window_table_;
    windows::shared_windows windows_;
    posts::status_book statuses_;
    posts::post_watch watch_;
    limits::shared_bytes memory_;
    files::staged_file_store files_;
    idempotency::runner keys_;

    // Who may come in, and where.
    inbound::listener_state listeners_;
    pipeline::caller_parties parties_;
    std::shared_ptr<const pipeline::caller_book> callers_;
    limits::window_table quotas_;
    limits::address_limiter unknown_keys_;
    tiktok::webhook_reader webhooks_;
    inbound::router routes_;
    store_health health_;

    // Who hears of posts and users. Its way there is not TikTok's, so that receivers take nothing from it.
    const outbound::tls_client_context webhook_trust_;
    outbound::resolver webhook_names_;
    const outbound::address_rules webhook_addresses_;
    const webhooks::redelivery_rules redeliveries_;
    webhooks::deliverer deliverer_;

    reload_counts reloads_;
    std::atomic<bool> start_done_{false}; // also the part of the start that needs the store
    mutable std::mutex start_mutex_;
    std::string start_trouble_; // why it cannot be done though the store is there; under the mutex

    // Who serves.
    std::vector<std::unique_ptr<api_worker>> api_workers_;
    std::unique_ptr<posts::follower> follower_;
    std::unique_ptr<inbound::admin_listener> admin_;
    std::vector<std::thread> threads_;
    std::atomic<bool> failed_{false}, store_lost_{false};
};

} // namespace gateway::app
