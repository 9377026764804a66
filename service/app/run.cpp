#include "app/commands.hpp"
#include "app/read_settings.hpp"
#include "app/service.hpp"
#include "app/signals.hpp"
#include "app/start_failure.hpp"
#include "base/memory/memory_reserve.hpp"
#include "base/start_fault.hpp"

#include <exception>
#include <memory>

namespace gateway::app {

namespace {

/// The drain if the store is lost; for calls that wait for TikTok and not for the store.
constexpr settings::drain at_once{.delay = milliseconds{0}, .deadline = milliseconds{2'000}};

/// The service with all its parts, or the start_failure that ends the program.
std::unique_ptr<service> make_service(const settings::all& settings) {
    try {
        return std::make_unique<service>(settings);
    } catch (const start_fault& why) {
        throw refused(settings, why.key, why.what(), why.may_heal ? exit_failed : exit_settings);
    } catch (const start_failure&) {
        throw;
    } catch (const std::exception& why) {
        throw start_failure(exit_failed, why.what());
    }
}

} // namespace

int run(const std::string& settings_file, const settings::environment& variables) {
    signals from; // before the first thread, and so that a SIGTERM during the start is handled after it (P02)
    const settings::loaded good = read_settings(settings_file, variables);
    const settings::all& settings = good.values;
    const auto made = make_service(settings);
    service& serving = *made;
    serving.start();
    serving.tell_start(settings_file);
    const memory_reserve::scope no_failure;    // this thread only waits, reloads and ends the process
    for (const auto& one : warnings_for(good)) // after the line with the ports
        serving.sink().log(telemetry::level::warn, "settings_remark",
                           {{"key", one.key}, {"remark", settings::text_of(one)}});
    while (from.wait() == signals::what::reload)
        serving.reload(settings_file, variables);
    serving.drain(serving.store_lost() ? at_once : settings.drain, from);
    const int code = serving.failed() ? exit_failed : exit_well;
    if (serving.holds_unfinished_work()) serving.exit_process(code);
    return code;
}

} // namespace gateway::app
