// tiktok-simulator: a simulation of TikTok on loopback.
#include "configure/load.hpp"
#include "wire/machine.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <tiktok-simulator.hpp> // made of cmake/command_line

int main(int argc, char** argv) {
    CLI::App options{command_line::about};
    std::string file;
    options.set_help_flag("-h,--help", command_line::option_help);
    options.add_option("--config", file, command_line::option_config)->type_name("FILE");
    options.set_version_flag("--version", std::string("tiktok-simulator ") + TIKTOK_GATEWAY_VERSION,
                             command_line::option_version);
    options.footer(command_line::footer);

    constexpr int exit_usage = 64, exit_settings = 78; // EX_USAGE and EX_CONFIG of sysexits.h
    try {
        options.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) { // --help and --version, too
        return options.exit(wrong) == 0 ? 0 : exit_usage;
    }

    std::signal(SIGPIPE, SIG_IGN);
    try {
        gateway::simulator::machine tiktok(file.empty() ? gateway::simulator::default_settings()
                                                        : gateway::simulator::load_settings(file));
        std::cout << tiktok.listening() << std::endl;
        tiktok.run();
        return 0;
    } catch (const gateway::simulator::settings_error& problem) {
        std::cerr << "tiktok-simulator: " << problem.what() << "\n";
        return exit_settings;
    } catch (const std::exception& problem) {
        std::cerr << "tiktok-simulator: " << problem.what() << "\n";
        return 1;
    }
}
