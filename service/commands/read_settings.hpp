// Settings as commands want them: whole and good, or every fault told on standard error.
#pragma once
#include "settings/settings.hpp"
#include "vault/key_ring.hpp"

#include <string>

namespace gateway::commands {

/// Throws start_failure (78) after telling each fault by its key.
settings::all read_settings(const std::string& file);

/// The key ring that the settings name; throws start_failure (78).
vault::key_ring read_key_ring(const settings::all& settings);

} // namespace gateway::commands
