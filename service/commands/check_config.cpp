#include "commands/commands.hpp"
#include "commands/read_settings.hpp"
#include "commands/start_failure.hpp"
#include "outbound/tls_client_context.hpp"
#include "runtime/tls_server.hpp"

#include <iostream>

namespace gateway::commands {

namespace {

/// Opens what the settings name, without touching the store or a port.
void open_named_files(const settings::all& settings) {
    read_key_ring(settings);
    try {
        const outbound::tls_client_context trust(settings.tiktok.ca_file);
    } catch (const std::exception& wrong) {
        throw start_failure(exit_settings, std::string("tiktok.ca_file: ") + wrong.what());
    }
    if (!settings.listen.tls.on()) return;
    try {
        const tls_server_context certificate(settings.listen.tls.certificate_file,
                                             settings.listen.tls.private_key_file);
    } catch (const std::exception& wrong) {
        throw start_failure(exit_settings, std::string("listen.tls: ") + wrong.what());
    }
}

} // namespace

int check_config(const std::string& settings_file) {
    const settings::all settings = read_settings(settings_file);
    open_named_files(settings);
    std::cout << "the settings are good\n" << std::flush;
    return exit_well;
}

} // namespace gateway::commands
