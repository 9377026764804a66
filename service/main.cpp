// tiktok-gateway: reads the command line and calls a command of app/; prints the reason if that fails. The
// words of --help are those of cmake/command_line/programs.yaml.
#include "app/commands.hpp"
#include "app/hardening.hpp"
#include "app/start_failure.hpp"
#include "base/memory/memory_reserve.hpp"
#include "settings/loader.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <tiktok-gateway.hpp> // made of cmake/command_line
#include <vector>

namespace {

struct arguments {
    std::string settings_file;
    std::string caller_name;
    bool only_check = false;
    std::string copy_file;
    bool make_key = false, make_vault_key = false, make_copy = false;
};

int act(const arguments& what) {
    using namespace gateway::app;
    if (what.make_key) return new_key(what.caller_name);
    if (what.make_vault_key) return new_vault_key();
    const auto variables = gateway::settings::take_environment();
    if (what.make_copy) return backup(what.settings_file, variables, what.copy_file);
    if (what.only_check) return check_config(what.settings_file, variables);
    return run(what.settings_file, variables);
}

/// What CLI11 does not know, as it was typed, and the command that was perhaps meant.
std::string unknown_argument(const CLI::App& options, int argc, char** argv) {
    const auto without_dashes = [](std::string text) {
        std::erase(text, '-');
        return text;
    };
    const auto unknown = options.remaining(true);
    for (int at = 1; at < argc; ++at) {
        const std::string typed = argv[at];
        if (std::find(unknown.begin(), unknown.end(), typed) == unknown.end()) continue;
        if (!options.get_subcommands().empty()) return "one argument too many: " + typed;
        std::vector<std::string> names;
        for (const auto* const command : options.get_subcommands([](const CLI::App*) { return true; }))
            names.push_back(command->get_name());
        for (const auto* const option : options.get_options())
            names.push_back(option->get_name());
        std::string sentence = "there is no command or option " + typed;
        for (const auto& name : names)
            if (without_dashes(name) == without_dashes(typed)) sentence += "; is " + name + " meant?";
        return sentence;
    }
    return "the command line is not understood";
}

/// In words for people, and where logs are read as a line of the log.
int tell(const arguments& what, const gateway::app::start_failure& why) {
    std::cerr << "tiktok-gateway: " << why.what() << "\n";
    if (!what.only_check && !what.make_key && !what.make_vault_key && !what.make_copy)
        std::cout << line_of(gateway::app::start_failed, why) << "\n" << std::flush;
    return why.exit_status;
}

} // namespace

int main(int argc, char** argv) {
    arguments what;
    CLI::App options{command_line::about};
    options.set_help_flag("-h,--help", command_line::option_help);
    options.set_version_flag("--version", std::string("tiktok-gateway ") + TIKTOK_GATEWAY_VERSION,
                             command_line::option_version);
    options.add_option("--config", what.settings_file, command_line::option_config)->type_name("FILE");
    options.add_flag("--check-config", what.only_check, command_line::option_check_config);
    auto* key = options.add_subcommand("new-key", command_line::command_new_key);
    key->add_option("NAME", what.caller_name, command_line::argument_of_new_key)->required();
    auto* vault_key = options.add_subcommand("new-vault-key", command_line::command_new_vault_key);
    auto* copy = options.add_subcommand("backup", command_line::command_backup);
    copy->add_option("FILE", what.copy_file, command_line::argument_of_backup)->required();
    options.footer(command_line::footer);
    options.require_subcommand(0, 1);
    try {
        options.parse(argc, argv);
    } catch (const CLI::ExtrasError&) {
        std::cerr << "tiktok-gateway: " << unknown_argument(options, argc, argv) << "; --help tells all\n";
        return gateway::app::exit_usage;
    } catch (const CLI::ParseError& wrong) { // --help and --version, too
        return options.exit(wrong) == 0 ? gateway::app::exit_well : gateway::app::exit_usage;
    }
    what.make_key = key->parsed();
    what.make_vault_key = vault_key->parsed();
    what.make_copy = copy->parsed();

    try {
        gateway::app::harden_process();
        gateway::memory_reserve::set_up();
        gateway::settings::arm_failpoint_of_environment();
        return act(what);
    } catch (const gateway::app::start_failure& why) {
        return tell(what, why);
    } catch (const std::exception& why) {
        return tell(what, {gateway::app::exit_failed, why.what()});
    }
}
