// Metrics whose values are kept elsewhere: read at each scrape, without waiting.
#include "app/service.hpp"

#include <algorithm>

namespace gateway::app {

namespace {

using telemetry::sample;

sample labelled(std::string name, std::string value, double figure) {
    return {{{std::move(name), std::move(value)}}, figure};
}

/// A gauge of the single value that `read` gives.
template <class Read>
telemetry::reader single(Read read) {
    return [read] { return std::vector<sample>{{{}, static_cast<double>(read())}}; };
}

} // namespace

void service::register_gauges() {
    sink_.add_gauge("requests_in_flight", "Calls that are being served.",
                    single([this] { return listeners_.requests_in_flight.load(); }));
    sink_.add_gauge("client_connections", "Open connections of callers.",
                    single([this] { return listeners_.connections.load(); }));
    sink_.add_gauge("upstream_connections", "Connections to TikTok, and calls that wait for one.", [this] {
        std::uint32_t idle = 0, active = 0, waiting = 0;
        for (const auto& one : upstream_workers_) {
            idle += one->idle.load();
            active += one->active.load();
            waiting += one->waiting.load();
        }
        return std::vector<sample>{labelled("state", "idle", idle), labelled("state", "active", active),
                                   labelled("state", "waiting", waiting)};
    });
    sink_.add_gauge("event_loop_lag_seconds", "How late the slowest loop came to its last timer.",
                    single([this] {
                        std::chrono::nanoseconds worst{0};
                        for (const auto& one : upstream_workers_)
                            worst = std::max(worst, one->home.lag());
                        return static_cast<double>(worst.count()) / 1e9;
                    }));
    sink_.add_counter("settings_reloads_total", "SIGHUPs, by whether the new settings were taken.", [this] {
        return std::vector<sample>{
            labelled("result", "taken", static_cast<double>(reloads_.taken.load())),
            labelled("result", "refused", static_cast<double>(reloads_.refused.load()))};
    });
    sink_.add_gauge("ready", "1 while /readyz says ready.",
                    single([this] { return why_not_ready().empty() ? 1 : 0; }));
    sink_.add_gauge("app_refused", "1 while TikTok refuses the app's key or secret.",
                    single([this] { return app_.refused(); }));
    if (certificate_)
        sink_.add_gauge("certificate_expires_timestamp_seconds",
                        "When the API listener's certificate ends, in seconds since 1970.", single([this] {
                            return static_cast<double>(unix_ms(certificate_ends_.load())) / 1e3;
                        }));
    register_store_gauges();
    register_vault_gauges();
    register_post_gauges();
    register_webhook_metrics();
}

void service::register_post_gauges() {
    sink_.add_gauge("oldest_open_post_seconds",
                    "Age of the oldest post whose end is not known and that is followed; 0: there is none.",
                    single([this] { return health_.oldest_open_post_s.load(); }));
    sink_.add_counter(
        "posts_settled_total",
        "Posts that came to their end, into the inbox, or were given up, by how it was learned.", [this] {
            std::vector<sample> samples;
            for (std::size_t at = 0; at < posts::learned_by_names.size(); ++at)
                samples.push_back(
                    labelled("by", std::string(posts::learned_by_names[at]),
                             static_cast<double>(statuses_.settled(static_cast<posts::learned_by>(at)))));
            return samples;
        });
    sink_.add_gauge("post_waiters", "Calls and streams that wait for news of a post.",
                    single([this] { return watch_.places(); }));
}

void service::register_store_gauges() {
    sink_.add_gauge("connections", "Users' links to TikTok, by state.", [this] {
        std::vector<sample> samples;
        for (std::size_t at = 0; at < health_.connections.size(); ++at)
            samples.push_back(labelled("state",
                                       std::string(store::name_of(static_cast<store::connection_state>(at))),
                                       static_cast<double>(health_.connections[at].load())));
        return samples;
    });
    sink_.add_gauge("store_overdue_rows",
                    "Rows whose time was over and that the last sweep left, by table; counted up to 10000.",
                    [this] {
                        std::vector<sample> samples;
                        for (std::size_t at = 0; at < health_.overdue.size(); ++at)
                            samples.push_back(labelled("table", std::string(store::tables_with_an_end[at]),
                                                       static_cast<double>(health_.overdue[at].load())));
                        return samples;
                    });
    sink_.add_gauge("store_has_no_room", "1 while writes find the store's disk full.",
                    single([this] { return store_->on().state().now == store::condition::disk_full; }));
    sink_.add_gauge("store_late_writes", "Ends of calls that wait for the store, to be written down.",
                    single([this] { return store_->late.counts().waiting; }));
    sink_.add_counter("store_late_writes_lost_total",
                      "Ends of calls that were never written down: their keys stay taken.",
                      single([this] { return store_->late.counts().lost; }));
    sink_.add_counter("staged_files_damaged_total",
                      "Files that the disk lost or changed since they were stored, and that were not sent.",
                      single([this] { return files_.damaged(); }));
}

/// All of them from the start, so that the first one that is given up is an increase.
void service::register_webhook_metrics() {
    sink_.add_counter("webhooks_out_total", "Webhooks sent to callers, by event and result.", [this] {
        std::vector<sample> samples;
        for (std::size_t event = 0; event < store::event_types; ++event)
            for (std::size_t result = 0; result < webhooks::out_results.size(); ++result) {
                const auto type = static_cast<store::event_type>(event);
                const auto count = deliverer_.count(type, static_cast<webhooks::out_result>(result));
                samples.push_back({{{"event", std::string(store::name_of(type))},
                                    {"result", std::string(webhooks::out_results[result])}},
                                   static_cast<double>(count)});
            }
        return samples;
    });
    sink_.add_gauge("webhooks_oldest_undelivered_seconds",
                    "Age of the oldest event that a caller's webhook has still to take; of the whole store.",
                    single([this] {
                        const auto oldest = deliverer_.oldest_undelivered();
                        if (oldest == wall_time{}) return 0.0;
                        return std::max(0.0, static_cast<double>((wall_now() - oldest).count()) / 1e3);
                    }));
}

void service::register_vault_gauges() {
    sink_.add_gauge("vault_key_uses", "Seals under the newest vault key; 4294967296 are safe.",
                    single([this] { return vault_.newest_key().uses; }));
    sink_.add_counter("vault_operations_total", "What the vault did with sealed records.", [this] {
        const auto counts = vault_.counts();
        const auto spooled = spool_->counted();
        const auto operation = [](const char* name, const char* result, std::uint64_t count) {
            return sample{{{"operation", name}, {"result", result}}, static_cast<double>(count)};
        };
        return std::vector<sample>{operation("open", "ok", counts.opened),
                                   operation("seal", "ok", counts.sealed),
                                   operation("open", "damaged", counts.damaged),
                                   operation("open", "older", counts.older),
                                   operation("open", "unknown_key", counts.unknown_key),
                                   operation("spool", "ok", spooled.written),
                                   operation("spool", "failed", spooled.failed),
                                   operation("spool", "unusable", spooled.unusable)};
    });
    sink_.add_gauge("vault_spooled_pairs",
                    "New token pairs that wait on this replica's disk until the store has them.",
                    single([this] { return spool_->waiting(); }));
}

} // namespace gateway::app
