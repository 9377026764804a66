#include "app/commands.hpp"
#include "app/start_failure.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <iostream>

namespace gateway::app {

/// Of the settings it needs `store.url` alone: the others may be wrong.
int backup(const std::string& settings_file, const settings::environment& variables,
           const std::string& into) {
    const auto loaded = settings::load(settings_file, variables);
    std::vector<settings::fault> faults;
    std::copy_if(loaded.faults.begin(), loaded.faults.end(), std::back_inserter(faults),
                 [](const auto& one) { return one.key.empty() || settings::is_about(one, "store.url"); });
    if (!faults.empty()) throw start_failure(exit_settings, std::move(faults));
    const auto copied = store::back_up(loaded.values.store.url.reveal(), into);
    if (!copied) throw start_failure(exit_failed, copied.error().message());
    std::cout << "the store is copied to " << into << "\n" << std::flush;
    return exit_well;
}

} // namespace gateway::app
