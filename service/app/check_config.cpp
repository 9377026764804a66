#include "app/commands.hpp"
#include "app/descriptors.hpp"
#include "app/read_settings.hpp"
#include "app/start_failure.hpp"
#include "outbound/tls_client_context.hpp"

#include <iostream>
#include <optional>

namespace gateway::app {

namespace {

/// Opens the files that the settings name, but not the store or a port. Gives what clients will find wrong
/// with the certificate.
std::optional<settings::fault> open_named_files(const settings::all& settings) {
    read_key_ring(settings);
    try {
        const outbound::tls_client_context trust(settings.tiktok.ca_file);
    } catch (const std::exception& wrong) {
        throw refused(settings, "tiktok.ca_file", wrong.what());
    }
    return wrong_dates(settings, read_certificate(settings).get(), wall_now());
}

} // namespace

int check_config(const std::string& settings_file, const settings::environment& variables) {
    const settings::all settings = read_settings(settings_file, variables);
    const auto dates = open_named_files(settings);
    refuse_wrong_places(settings);
    auto remarks = warnings_for(settings);
    if (dates) remarks.push_back(*dates);
    for (const auto& one : remarks)
        std::cout << "note: " << settings::text_of(one) << "\n";
    const auto descriptors = plan_descriptors(settings, workers_of(settings), descriptor_limit());
    if (const auto warning = warning_of(descriptors, settings); !warning.empty())
        std::cout << "note: listen.connections_max: " << warning << "\n";
    std::cout << "the settings are good\n" << std::flush;
    return exit_well;
}

} // namespace gateway::app
