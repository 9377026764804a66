#include "commands/commands.hpp"
#include "commands/drain.hpp"
#include "commands/read_settings.hpp"
#include "commands/reload.hpp"
#include "commands/start_failure.hpp"

namespace gateway::commands {

int run(const std::string& settings_file) {
    signals from; // before the first thread, and so that a SIGTERM during the start waits for its turn (P02)
    const settings::all settings = read_settings(settings_file);
    service serving(settings);
    serving.start();
    while (from.wait() == signals::what::reload)
        reload(serving, settings_file);
    drain(serving, settings.drain, from);
    const int code = serving.failed() ? exit_failed : exit_well;
    if (serving.holds_unfinished_work()) serving.leave(code);
    return code;
}

} // namespace gateway::commands
