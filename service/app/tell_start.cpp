// What the start, and SIGHUP, tell in the log about the settings that are in force.
#include "app/read_settings.hpp"
#include "app/service.hpp"

#include <string>

namespace gateway::app {

namespace {

/// Without the address of a server, which holds a password.
std::string store_in_words(const settings::store& from) {
    if (from.in_file()) return std::string(from.url.reveal());
    return "postgresql, schema " + from.schema;
}

} // namespace

void service::tell_wrong_dates(const settings::all& from) {
    if (const auto wrong = wrong_dates(from, certificate_.get(), wall_now()))
        sink_.log(telemetry::level::warn, "settings_remark",
                  {{"key", wrong->key}, {"remark", settings::text_of(*wrong)}});
}

void service::tell_start(const std::string& settings_file) {
    const auto callers = std::to_string(settings_.callers.size());
    const auto workers = std::to_string(workers_of(settings_));
    sink_.log(telemetry::level::info, "started",
              {{"version", TIKTOK_GATEWAY_VERSION},
               {"settings_file", settings_file},
               {"store", store_in_words(settings_.store)},
               {"callers", callers},
               {"tls", certificate_ ? "on" : "off"},
               {"workers", workers},
               {"log_level", settings_.log.level}});
}

/// After the line with the ports.
void service::tell_of_spool() {
    spool_->report_to([this](vault::pair_spool::event what, std::string_view file, std::string_view reason) {
        using event = vault::pair_spool::event;
        const bool ended = what == event::ended, failed = what == event::failed;
        const std::string_view name = ended    ? "spooled_pair_ended"
                                      : failed ? "spool_failed"
                                               : "spooled_pair_unusable";
        sink_.log(ended ? telemetry::level::warn : telemetry::level::error, name,
                  {{"file", file}, {"reason", reason}});
    });
}

void service::tell_unknown_windows() {
    if (!window_journal_.unknown().empty())
        sink_.log(telemetry::level::warn, "windows_unknown",
                  {{"reason", window_journal_.unknown()},
                   {"effect",
                    "what was sent to TikTok before this start is not known, so users' windows "
                    "count as full for up to a minute"}});
    if (!window_journal_.trouble().empty())
        sink_.log(telemetry::level::warn, "windows_not_kept",
                  {{"reason", window_journal_.trouble()},
                   {"effect", "the next start does not know what this process sends to TikTok"}});
}

} // namespace gateway::app
