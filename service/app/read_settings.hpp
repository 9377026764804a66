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

/// With every fault that can be found without opening the files they name.
settings::loaded find_settings(const std::string& file, const settings::environment& variables);

/// Warnings about valid settings that may be unintended; the check and the start print them and continue.
std::vector<settings::fault> warnings_for(const settings::all& settings);

/// Throws start_failure (78) after printing each fault with its key.
settings::all read_settings(const std::string& file, const settings::environment& variables);

/// The start_failure for an unusable value: its key, the reason, and its source.
start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason,
                      int exit = exit_settings);

/// Throws start_failure (78) if the address of the store cannot be used as it stands, or if other users may
/// read or change the database in a file, or what is in the folder of staged files.
void refuse_wrong_places(const settings::all& settings);

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
