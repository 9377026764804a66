#include "connections/callback_page.hpp"

#include "tiktok/scopes.hpp"

#include <algorithm>

namespace gateway::connections {
namespace {

constexpr std::string_view before_title =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";

constexpr std::string_view after_title =
    "</title>\n<style>\n"
    ":root { color-scheme: light dark; }\n"
    "body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;\n"
    "       box-sizing: border-box; font: 1rem/1.5 system-ui, sans-serif; }\n"
    "main { max-width: 30rem; padding: 2rem; border: 1px solid #8886; border-radius: 1rem; }\n"
    "h1 { font-size: 1.4rem; margin: 0 0 .75rem; }\n"
    "ul { padding-left: 1.25rem; margin: .25rem 0 1rem; }\n"
    "p { margin: 0 0 .75rem; }\n"
    "p:last-child { margin: 0; opacity: .75; }\n"
    "</style>\n</head>\n<body>\n<main>\n";

constexpr std::string_view after_text = "</main>\n</body>\n</html>\n";

std::string meaning_of(std::string_view scope) {
    const auto* known = tiktok::find_scope(scope);
    return html_escaped(known ? known->allows : scope);
}

void append_list(std::string& out, std::string_view heading, const std::vector<std::string>& scopes) {
    if (scopes.empty()) return;
    out += "<p>";
    out += heading;
    out += "</p>\n<ul>\n";
    for (const auto& scope : scopes)
        out += "<li>" + meaning_of(scope) + "</li>\n";
    out += "</ul>\n";
}

std::string page(std::string_view title, std::string_view text) {
    std::string out{before_title};
    out += title;
    out += after_title;
    out += "<h1>";
    out += title;
    out += "</h1>\n";
    out += text;
    out += after_text;
    return out;
}

} // namespace

std::string html_escaped(std::string_view text) {
    constexpr std::string_view special = "&<>\"'";
    constexpr std::string_view escapes[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    std::string out;
    for (const char& c : text) {
        const auto at = special.find(c);
        out += at == std::string_view::npos ? std::string_view(&c, 1) : escapes[at];
    }
    return out;
}

std::string connected_page(const std::vector<std::string>& asked, const std::vector<std::string>& granted) {
    std::vector<std::string> missing;
    for (const auto& scope : asked)
        if (std::find(granted.begin(), granted.end(), scope) == granted.end()) missing.push_back(scope);
    std::string text;
    append_list(text, "This app may now:", granted);
    append_list(text, "You did not allow it to:", missing);
    text += "<p>You can close this window.</p>\n";
    return page("TikTok is connected", text);
}

// Most errors of an app are shown on TikTok's page; if one comes here, starting again would not help.
refusal_words words_for(std::string_view error) {
    if (error == "access_denied") return {"You did not allow the connection.", start_again};
    if (error == "invalid_scope") {
        return {"This service asked TikTok for more than its app there may have.",
                "Tell whoever runs the service: tiktok.scopes names a scope that the app does not hold."};
    }
    if (error == "unauthorized_client" || error == "invalid_client") {
        return {"TikTok does not take logins for this service's app.",
                "Tell whoever runs the service: the app is not released, or its key is another one's."};
    }
    if (error == "server_error" || error == "temporarily_unavailable") {
        return {"TikTok could not do it at the moment.",
                "Go back to where you came from and start again in a few minutes."};
    }
    return {"TikTok did not allow the connection.", start_again};
}

std::string refused_page(std::string_view what_happened, std::string_view what_to_do) {
    std::string text = "<p>" + html_escaped(what_happened) + "</p>\n";
    text += "<p>" + html_escaped(what_to_do) + "</p>\n";
    return page("TikTok is not connected", text);
}

std::string another_account_page() {
    return page(
        "This is another TikTok account",
        "<p>You logged in with another TikTok account than the one that is connected here. The first one "
        "stays; nothing has changed.</p>\n"
        "<p>Switch to that account in TikTok, go back to where you came from and start again. Whoever "
        "sent you here can also let you change the account.</p>\n");
}

} // namespace gateway::connections
