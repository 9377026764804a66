// Reads valid settings for the commands, or reports every fault. The start, SIGHUP and --check-config make
// the same checks.
#pragma once
#include "app/start_failure.hpp"
#include "runtime/tls_server.hpp"
#include "settings/loader.hpp"
#include "vault/key_ring.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gateway::app {

/// Warnings about valid settings that may be unintended; the check and the start print them and continue.
std::vector<settings::fault> warnings_for(const settings::loaded& good);

enum class taken_by { start, sighup };

/// Throws start_failure (78) with every fault of the settings and of what they name; for SIGHUP, which opens
/// neither store nor folders, of what it takes anew.
settings::loaded read_settings(const std::string& file, const settings::environment& variables,
                               taken_by what = taken_by::start);

/// The start_failure for an unusable value: its key, the reason, and its source.
start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason,
                      int exit = exit_settings);

/// One per core by default.
unsigned workers_of(const settings::all& settings);

/// The key ring that the settings name; throws start_failure (78).
vault::key_ring read_key_ring(const settings::all& settings);

/// The API listener's certificate with its key, null if the settings name none; throws start_failure (78).
std::shared_ptr<const tls_server_context> read_certificate(const settings::all& settings);

/// A warning: the certificate (which may be null) has expired or is not yet valid. The start goes on, since
/// callers that are not served over TLS at all notice less of the cause.
std::optional<settings::fault> wrong_dates(const settings::all& settings,
                                           const tls_server_context* certificate, wall_time now);

} // namespace gateway::app
