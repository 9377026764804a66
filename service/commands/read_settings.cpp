#include "commands/read_settings.hpp"

#include "commands/start_failure.hpp"
#include "settings/loader.hpp"

namespace gateway::commands {

settings::all read_settings(const std::string& file) {
    settings::loaded found = settings::load(file, settings::read_environment());
    if (found.good()) return std::move(found.values);
    std::string told = "the settings are not good:";
    for (const auto& one : found.faults)
        told += "\n  " + one.key + (one.key.empty() ? "" : ": ") + one.reason;
    throw start_failure(exit_settings, told);
}

vault::key_ring read_key_ring(const settings::all& settings) {
    auto ring = vault::key_ring::read(settings.vault.keys_file);
    if (!ring) throw start_failure(exit_settings, "vault.keys_file: " + ring.error().message());
    return std::move(*ring);
}

} // namespace gateway::commands
