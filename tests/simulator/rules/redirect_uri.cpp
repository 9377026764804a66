#include "rules/redirect_uri.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

struct uri_parts {
    std::string_view scheme, host, port, rest;
    bool valid = false;
};

uri_parts split(std::string_view uri) {
    uri_parts parts;
    const std::size_t scheme_end = uri.find("://");
    if (scheme_end == std::string_view::npos) return parts;
    parts.scheme = uri.substr(0, scheme_end);
    uri.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = std::min(uri.find_first_of("/?#"), uri.size());
    std::string_view authority = uri.substr(0, authority_end);
    parts.rest = uri.substr(authority_end);
    const std::size_t colon = authority.rfind(':');
    parts.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) parts.port = authority.substr(colon + 1);
    parts.valid = !parts.host.empty();
    return parts;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5
           && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

std::string fault_of_registration(const app_settings& app, std::string_view uri) {
    const uri_parts parts = split(uri);
    if (!parts.valid) return "is not a URI";
    if (uri.size() >= 512) return "must be shorter than 512 characters";
    if (uri.find_first_of("?#") != std::string_view::npos) return "must have neither query nor fragment";
    if (app.kind == "web") return parts.scheme == "https" ? "" : "must be https for a web app";
    if (parts.scheme != "https" && parts.scheme != "http") return "must be http or https";
    if (!is_loopback(uri)) return "must be localhost or 127.0.0.1 for a desktop app";
    if (parts.port != "*" && !is_port(parts.port)) return "needs a port (or *) for a desktop app";
    return "";
}

bool is_loopback(std::string_view uri) {
    const std::string_view host = split(uri).host;
    return host == "localhost" || host == "127.0.0.1";
}

bool is_registered(const app_settings& app, std::string_view uri) {
    const uri_parts asked = split(uri);
    return std::any_of(
        app.redirect_uris.begin(), app.redirect_uris.end(), [&](const std::string& registered) {
            if (registered == uri) return true;
            const uri_parts known = split(registered);
            return app.kind == "desktop" && known.port == "*" && known.scheme == asked.scheme
                   && known.host == asked.host && known.rest == asked.rest && is_port(asked.port);
        });
}

} // namespace gateway::simulator
