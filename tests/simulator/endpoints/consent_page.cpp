#include "endpoints/consent_page.hpp"

namespace gateway::simulator {

namespace {

answer page(int status, const std::string& title, const std::string& inside) {
    answer out;
    out.status = status;
    out.content_type = "text/html; charset=utf-8";
    out.headers.emplace_back("Cache-Control", "no-store");
    out.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>"
               + title
               + "</title><style>:root{color-scheme:light dark}"
                 "body{font:16px/1.5 sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;overflow-wrap:anywhere}"
                 "label{display:block;padding:.25rem 0}"
                 "button{font:inherit;padding:.5rem 1.5rem;margin:1rem 1rem 0 0}</style></head><body><main>"
               + inside + "<p><small>This is tiktok-simulator, not TikTok.</small></p></main></body></html>";
    return out;
}

} // namespace

answer consent_page(const app_settings& app, const account_settings& user, const string_list& scopes,
                    std::string_view fixed, const form_fields& asked) {
    std::string form = "<h1>" + html_escaped(app.client_key)
                       + " wants to use your account</h1><p>Logged in as <b>"
                       + html_escaped(user.display_name) + "</b> (@" + html_escaped(user.username)
                       + ").</p><form method=\"post\" action=\"/v2/auth/authorize/\">";
    for (const auto& [name, value] : asked) {
        form += "<input type=\"hidden\" name=\"" + html_escaped(name) + "\" value=\"" + html_escaped(value)
                + "\">";
    }
    for (const std::string& scope : scopes) {
        const std::string shown = html_escaped(scope);
        form += "<label><input type=\"checkbox\" name=\"granted\" value=\"" + shown + "\" checked"
                + (scope == fixed ? " disabled" : "") + "> " + shown + "</label>";
    }
    form +=
        "<button name=\"decision\" value=\"allow\">Allow</button>"
        "<button name=\"decision\" value=\"refuse\">Refuse</button></form>";
    return page(200, "Authorize", form);
}

answer error_page(const std::string& what, const std::string& log_id) {
    return page(
        400, "Something went wrong",
        "<h1>Something went wrong</h1><p>We couldn't log in with TikTok. This may be due to specific app "
        "settings.</p><p>If you're a developer, correct the following and try again: <b>"
            + html_escaped(what) + "</b></p><p><small>" + log_id + "</small></p>");
}

} // namespace gateway::simulator
