// Settings as commands want them: whole and good, or every fault told. The start, SIGHUP and --check-config
// hold them against the same checks.
#pragma once
#include "app/start_failure.hpp"
#include "runtime/tls_server.hpp"
#include "settings/loader.hpp"
#include "vault/key_ring.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gateway::app {

/// With every fault that can be found without opening what they name.
settings::loaded find_settings(const std::string& file);

/// What good settings hold that may not be meant; the check and the start say it and go on.
std::vector<settings::fault> remarks_on(const settings::all& settings);

/// Throws start_failure (78) after telling each fault by its key.
settings::all read_settings(const std::string& file);

/// What ends a start (78) for a value that cannot be used: its key, the reason, and where it came from.
start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason);

/// One per core where the settings do not say.
unsigned workers_of(const settings::all& settings);

/// The key ring that the settings name; throws start_failure (78).
vault::key_ring read_key_ring(const settings::all& settings);

/// The API listener's certificate with its key, null where the settings name none; throws start_failure (78).
std::shared_ptr<const tls_server_context> read_certificate(const settings::all& settings);

} // namespace gateway::app
