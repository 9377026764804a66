#include "app/reload.hpp"

#include "app/read_settings.hpp"
#include "app/service.hpp"
#include "app/start_failure.hpp"
#include "settings/keys.hpp"
#include "windows/window_rules.hpp"

#include <boost/asio/post.hpp>

#include <future>
#include <string_view>

namespace gateway::app {

namespace {

/// The longest wait for all workers; a blocked worker does not block a SIGHUP, and other metrics show it.
constexpr seconds every_worker_within{10};
constexpr seconds check_within{30};

using keys_verdict = result<void>;

/// `told` is shared, because the wait may end first, and either side may be the last owner.
task<void> hand_over(vault::token_vault& vault, vault::key_ring fresh,
                     std::shared_ptr<std::promise<keys_verdict>> completed) {
    completed->set_value(
        co_await vault.change_keys(std::move(fresh), deadline::in(steady_now(), check_within)));
}

std::string one_line(const std::vector<settings::fault>& faults) {
    std::string text;
    for (const auto& one : faults)
        text += (text.empty() ? "" : "; ") + settings::text_of(one);
    return text;
}

std::string one_line(const std::vector<std::string>& keys) {
    std::string text;
    for (const auto& key : keys)
        text.append(text.empty() ? "" : ", ").append(key);
    return text;
}

/// In addition to the checks of a start: a truncated file without callers must not open the API to everyone
/// on this host.
void refuse_to_lose_callers(const service& running, const settings::all& fresh) {
    if (fresh.callers.empty() && running.asks_for_keys())
        throw refused(fresh, "callers",
                      "is empty now, and then nobody would need a key; that takes a restart");
}

settings::all read_good_settings(const std::string& file) {
    auto found = find_settings(file);
    if (!found.good()) throw start_failure(exit_settings, one_line(found.faults));
    return std::move(found.values);
}

/// TLS can be enabled or disabled only by a start, because an open port cannot change its protocol.
std::vector<std::string> left_for_a_start(const settings::all& running, const settings::all& fresh) {
    auto keys = settings::changed_for_a_start(running, fresh);
    if (running.listen.tls.on() != fresh.listen.tls.on()) keys.emplace_back("listen.tls.certificate_file");
    return keys;
}

} // namespace

keys_verdict service::change_keys(vault::key_ring fresh) {
    auto completed = std::make_shared<std::promise<keys_verdict>>();
    auto answer = completed->get_future();
    auto& home = upstream_workers_[0]->home;
    auto start = [this, &home, completed, ring = std::move(fresh)]() mutable {
        home.group().spawn(hand_over(vault_, std::move(ring), completed));
    };
    boost::asio::post(home.executor(), std::move(start));
    if (answer.wait_for(check_within + every_worker_within) == std::future_status::ready) return answer.get();
    return failure{errc::vault_unavailable, "The store does not answer."};
}

void service::renew(const settings::all& fresh, std::shared_ptr<const tls_server_context> certificate) {
    callers_ = std::make_shared<const pipeline::caller_book>(fresh.callers);
    if (certificate_ && certificate) certificate_ = std::move(certificate);
    certificate_ends_.store(certificate_ ? certificate_->expires_at() : wall_time{});
    unknown_keys_.change_limit(fresh.limits.unknown_keys_per_minute);
    window_table_.change_rules(windows::window_rules(fresh.limits));
    sink_.change_level(telemetry::level_of(fresh.log.level));
    std::vector<std::future<void>> done;
    for (auto& one : api_workers_) {
        // Shared with the worker, because either side may be the last owner.
        auto completed = std::make_shared<std::promise<void>>();
        done.push_back(completed->get_future());
        boost::asio::post(one->on.home.executor(),
                          [worker = one.get(), callers = callers_, certificate = certificate_, completed] {
                              worker->renew(callers, certificate);
                              completed->set_value();
                          });
    }
    const auto until = steady_now() + every_worker_within;
    for (auto& one : done)
        one.wait_until(until);
}

void reload(service& of, const std::string& settings_file) {
    try {
        const auto fresh = read_good_settings(settings_file);
        refuse_to_lose_callers(of, fresh);
        auto certificate = read_certificate(fresh);
        const auto keys = of.change_keys(read_key_ring(fresh)); // the last step that can fail
        if (!keys) throw refused(fresh, "vault.keys_file", keys.error().message());
        of.renew(fresh, std::move(certificate));
        ++of.reloads().taken;
        of.sink().log(telemetry::level::info, "settings_reloaded",
                      {{"callers", std::to_string(fresh.callers.size())}, {"log_level", fresh.log.level}});
        const auto left = one_line(left_for_a_start(of.settings(), fresh));
        if (!left.empty()) of.sink().log(telemetry::level::warn, "needs_restart", {{"keys", left}});
    } catch (const start_failure& refused) {
        ++of.reloads().refused;
        of.sink().log(telemetry::level::error, "reload_refused", {{"faults", refused.what()}});
    }
}

} // namespace gateway::app
