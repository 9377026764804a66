// The part of the start that needs the store: at once where the store is there, else when it comes
// (docs/promises.md K11). Until then the gateway listens, is not ready, and answers 503 vault_unavailable.
#include "app/read_settings.hpp"
#include "app/service.hpp"
#include "app/told_reason.hpp"
#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"

#include <string>

namespace gateway::app {

namespace {

constexpr seconds step_within{30};
constexpr milliseconds look_every{200};
constexpr seconds again_after{2}; // what the store holds refuses the key ring, or the store is away again

} // namespace

std::string service::trouble_of_start() const {
    const std::lock_guard lock(start_mutex_);
    return start_trouble_;
}

void service::note_trouble_of_start(std::string why) {
    const std::lock_guard lock(start_mutex_);
    start_trouble_ = std::move(why);
}

/// A ring that cannot open the store's values must be detected before the first call (V06); SIGHUP may bring
/// another ring meanwhile.
task<bool> service::check_keys_late(told_reason& told) {
    const auto checked = co_await vault_.check_keys(deadline::in(steady_now(), step_within));
    if (checked) co_return true;
    // A store that is away again says so by itself.
    if (checked.error().code() != errc::invalid_input) co_return false;
    const auto why = settings::text_about(settings_, "vault.keys_file", checked.error().message());
    note_trouble_of_start(why);
    if (told.is_due(why, steady_now()))
        sink_.log(telemetry::level::error, "start_not_finished", {{"reason", why}});
    co_return false;
}

task<void> service::finish_start() {
    told_reason told;
    while (!start_done_.load()) {
        const bool is_open = store_->on().is_open();
        if (is_open) {
            const bool checked = co_await check_keys_late(told);
            if (checked) break;
        }
        co_await pause_until(deadline::in(steady_now(), is_open ? milliseconds{again_after} : look_every));
    }
    const memory_reserve::scope no_failure; // what follows is done once and whole
    note_trouble_of_start({});
    start_done_.store(true);
    health_.good.store(true);
    sink_.log(telemetry::level::info, "start_finished");
    start_upkeep();
}

} // namespace gateway::app
