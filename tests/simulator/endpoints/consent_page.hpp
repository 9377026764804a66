// The two HTML pages for browsers: the consent form and TikTok's error page. Pure.
#pragma once
#include "configure/settings.hpp"
#include "endpoints/request.hpp"

namespace gateway::simulator {

/// Repeats the request's parameters as hidden fields; the user may untick all scopes but `fixed`.
answer consent_page(const app_settings& app, const account_settings& user, const string_list& scopes,
                    std::string_view fixed, const form_fields& asked);

/// `what` is the parameter or error that the app got wrong.
answer error_page(const std::string& what, const std::string& log_id);

} // namespace gateway::simulator
