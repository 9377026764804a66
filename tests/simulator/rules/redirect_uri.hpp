// Which redirect URIs an app may register and use (docs/tiktok-wire.md §1.1). Pure.
#pragma once
#include "configure/settings.hpp"

#include <string_view>

namespace gateway::simulator {

/// Empty when the app may register this URI, else what is wrong with it.
std::string fault_of_registration(const app_settings& app, std::string_view uri);

/// Whether its host is the user's own machine: localhost or 127.0.0.1.
bool is_loopback(std::string_view uri);

/// Character for character equal to a registered URI; desktop registrations may have `*` as the port.
bool is_registered(const app_settings& app, std::string_view uri);

} // namespace gateway::simulator
