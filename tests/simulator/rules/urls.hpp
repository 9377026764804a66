// URLs: their parts, and whether an app owns them (docs/tiktok-wire.md §5.4). Pure.
#pragma once
#include "configure/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::simulator {

struct url_parts {
    bool https = false;
    std::string host; // lower case
    std::uint16_t port = 0;
    std::string target; // path and query, at least "/"
};

/// http and https only; nothing for other schemes and for URLs with a user name.
std::optional<url_parts> split_url(std::string_view url);

bool is_ip_address(std::string_view host);

/// Whether `url` is under a verified domain or prefix of the app, or on TikTok's sample host.
bool is_owned(const app_settings& app, std::string_view url);

} // namespace gateway::simulator
