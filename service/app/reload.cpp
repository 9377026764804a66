// SIGHUP (docs/contract.md §8; docs/promises.md K08): callers, limits, keys, the app's secret, certificates
// and the log level are read again, all of them or none.
#include "app/read_settings.hpp"
#include "app/service.hpp"
#include "app/start_failure.hpp"
#include "base/lists.hpp"
#include "settings/keys.hpp"
#include "windows/window_rules.hpp"

#include <boost/asio/post.hpp>

#include <string>
#include <vector>

namespace gateway::app {

namespace {

/// The longest wait for all workers; a blocked worker does not block a SIGHUP, and other metrics show it.
constexpr seconds every_worker_within{10};
constexpr seconds check_within{30};

/// TLS can be enabled or disabled only by a start, because an open port cannot change its protocol.
std::vector<std::string> left_for_a_start(const settings::all& running, const settings::all& fresh) {
    auto keys = settings::changed_for_a_start(running, fresh);
    if (running.listen.tls.on() != fresh.listen.tls.on()) keys.emplace_back("listen.tls.certificate_file");
    return keys;
}

} // namespace

/// With the check of the start; if the ring is refused, the old one stays.
result<void> service::change_keys(vault::key_ring fresh) {
    auto ring = std::make_shared<vault::key_ring>(std::move(fresh)); // since a std::function is copied
    return on_first_worker(
        [this, ring] {
            return vault_.change_keys(std::move(*ring), deadline::in(steady_now(), check_within));
        },
        check_within + every_worker_within);
}

/// Applies the other checked changes: returns when every worker has them, so that a log line after it is true
/// for every new call.
void service::renew(const settings::all& fresh, std::shared_ptr<const tls_server_context> certificate) {
    callers_ = std::make_shared<const pipeline::caller_book>(fresh.callers, &parties_);
    several_.set(fresh.callers.size());
    boost::asio::post(
        upstream_workers_[0]->home.executor(),
        [this, to = webhooks::receivers_of(fresh.callers)] { deliverer_.change_receivers(to); });
    if (certificate_ && certificate) certificate_ = std::move(certificate);
    certificate_ends_.store(certificate_ ? certificate_->expires_at() : wall_time{});
    // Before what the callers see, so that a call after the log line meets no refusal of the old secret.
    if (app_.change_secret(fresh.tiktok.client_secret.copy())) tokens_.retry_soon();
    unknown_keys_.change_limit(fresh.limits.unknown_keys_per_minute);
    window_table_.change_rules(windows::window_rules(fresh.limits));
    sink_.change_level(telemetry::level_of(fresh.log.level));
    on_each_worker(
        [callers = callers_, certificate = certificate_, caps = fresh.limits.per_day](
            api_worker& worker, std::function<void()> completed) {
            worker.renew(callers, certificate, caps);
            completed();
        },
        every_worker_within);
}

void service::reload(const std::string& settings_file, const settings::environment& variables) {
    try {
        const auto fresh = read_settings(settings_file, variables, taken_by::sighup).values;
        // In addition to the checks of a start: a truncated file without callers must not open the API to
        // everyone on this host.
        if (fresh.callers.empty() && !callers_->open())
            throw refused(fresh, "callers",
                          "is empty now, and then nobody would need a key; that takes a restart");
        auto certificate = read_certificate(fresh);
        const auto keys = change_keys(read_key_ring(fresh)); // the last step that can fail
        if (!keys) throw refused(fresh, "vault.keys_file", keys.error().message());
        renew(fresh, std::move(certificate));
        ++reloads_.taken;
        sink_.log(telemetry::level::info, "settings_reloaded",
                  {{"callers", std::to_string(fresh.callers.size())}, {"log_level", fresh.log.level}});
        tell_wrong_dates(fresh);
        const auto left = joined(left_for_a_start(settings_, fresh), ", ");
        if (!left.empty()) sink_.log(telemetry::level::warn, "needs_restart", {{"keys", left}});
    } catch (const start_failure& why) { // the old settings stay
        ++reloads_.refused;
        lines_.push(line_of(reload_refused, why));
    } catch (const std::exception& why) {
        ++reloads_.refused;
        lines_.push(line_of(reload_refused, start_failure(exit_failed, why.what())));
    }
}

} // namespace gateway::app
