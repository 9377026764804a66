#include "app/commands.hpp"
#include "app/descriptors.hpp"
#include "app/read_settings.hpp"
#include "app/start_failure.hpp"

#include <iostream>

namespace gateway::app {

int check_config(const std::string& settings_file, const settings::environment& variables) {
    const settings::loaded good = read_settings(settings_file, variables);
    const settings::all& settings = good.values;
    auto remarks = warnings_for(good);
    if (const auto dates = wrong_dates(settings, read_certificate(settings).get(), wall_now()))
        remarks.push_back(*dates);
    for (const auto& one : remarks)
        std::cout << "note: " << settings::text_of(one) << "\n";
    const auto descriptors = plan_descriptors(settings, workers_of(settings), descriptor_limit());
    if (const auto warning = warning_of(descriptors, settings); !warning.empty())
        std::cout << "note: listen.connections_max: " << warning << "\n";
    std::cout << "the settings are good\n" << std::flush;
    return exit_well;
}

} // namespace gateway::app
