// Reads valid settings for the commands, or reports every fault. The start, SIGHUP and --check-config make
// the same checks.
#pragma once
#include "app/start_failure.hpp"
#include "runtime/tls_server.hpp"
#include "settings/loader.hpp"
#include "vault/key_ring.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gateway::app {

/// With every fault that can be found without opening the files they name.
settings::loaded find_settings(const std::string& file);

/// Warnings about valid settings that may be unintended; the check and the start print them and continue.
std::vector<settings::fault> warnings_for(const settings::all& settings);

/// Throws start_failure (78) after printing each fault with its key.
settings::all read_settings(const std::string& file);

/// The start_failure for an unusable value: its key, the reason, and its source.
start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason,
                      int exit = exit_settings);

/// One per core by default.
unsigned workers_of(const settings::all& settings);

/// The key ring that the settings name; throws start_failure (78).
vault::key_ring read_key_ring(const settings::all& settings);

/// The API listener's certificate with its key, null if the settings name none; throws start_failure (78).
std::shared_ptr<const tls_server_context> read_certificate(const settings::all& settings);

} // namespace gateway::app
