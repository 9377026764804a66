#include "connections/callback_page.hpp"

#include "base/append.hpp"
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
    "dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1rem; }\n"
    "dt { opacity: .75; }\n"
    "dd { margin: 0; overflow-wrap: anywhere; }\n"
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

/// Isolated, because a name may hold letters that are written from right to left.
void append_fact(std::string& out, std::string_view label, std::string_view value) {
    if (value.empty()) return;
    append_all(out, "<dt>", label, "</dt><dd><bdi>", std::string_view(html_escaped(value)), "</bdi></dd>\n");
}

std::string list_of(const page_facts& facts) {
    std::string rows;
    append_fact(rows, "TikTok account", facts.account);
    append_fact(rows, "TikTok app", facts.app);
    append_fact(rows, "Service", facts.caller);
    append_fact(rows, "User there", facts.user);
    return rows.empty() ? rows : "<dl>\n" + rows + "</dl>\n";
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

std::string connected_page(const std::vector<std::string>& asked, const std::vector<std::string>& granted,
                           const page_facts& facts) {
    std::vector<std::string> missing;
    for (const auto& scope : asked)
        if (std::find(granted.begin(), granted.end(), scope) == granted.end()) missing.push_back(scope);
    std::string text = list_of(facts);
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

login_result result_for(std::string_view error) {
    for (const std::string_view about_app : {"invalid_scope", "unauthorized_client", "invalid_client"})
        if (error == about_app) return login_result::app_refused;
    if (error == "server_error" || error == "temporarily_unavailable")
        return login_result::tiktok_unreachable;
    return login_result::declined;
}

refusal_words words_for(login_result refusal) {
    switch (refusal) {
        case login_result::declined:
            return words_for("access_denied");
        case login_result::account_full:
            return {"This TikTok account is connected to as many users here as it may have.",
                    "Disconnect it from one of them first, or connect another account."};
        case login_result::link_spent:
            return {"This link was used before, or is older than ten minutes.", start_again};
        case login_result::code_refused:
            return {"TikTok did not accept the code of this login.", start_again};
        case login_result::app_refused:
            return {
                "TikTok does not accept this service's app.",
                "Nothing is wrong with your account. Tell whoever runs the service: TikTok refuses the key "
                "or secret of its app."};
        case login_result::tiktok_unreachable:
            return words_for("server_error");
        case login_result::not_allowed:
            return {"The service that began this login may not finish it any more.",
                    "Nothing was connected. Whoever runs the service can say why."};
        default:
            return {"This service could not finish the login.",
                    "Nothing is wrong with your account. Go back to where you came from and start again in a "
                    "few minutes."};
    }
}

std::string refused_page(std::string_view what_happened, std::string_view what_to_do,
                         const page_facts& facts) {
    std::string text = "<p>" + html_escaped(what_happened) + "</p>\n" + list_of(facts);
    text += "<p>" + html_escaped(what_to_do) + "</p>\n";
    return page("TikTok is not connected", text);
}

std::string unusable_link_page(std::string_view what_happened) {
    return page("This link cannot be used",
                "<p>" + html_escaped(what_happened)
                    + "</p>\n<p>Nothing was changed just now: if TikTok was connected before, it still is. If not, go "
                      "back to where you came from and start again.</p>\n");
}

std::string another_account_page(const page_facts& facts) {
    return page(
        "This is another TikTok account",
        "<p>You logged in with another TikTok account than the one that is connected here. The first one "
        "stays; nothing has changed.</p>\n"
            + list_of(facts)
            + "<p>Switch to that account in TikTok, go back to where you came from and start again. Whoever "
              "sent you here can also let you change the account.</p>\n");
}

std::string unfinished_page(const page_facts& facts) {
    return page("This login is being finished",
                "<p>Load this page again in a few seconds.</p>\n" + list_of(facts)
                    + "<p>If it stays so, go back to where you came from and start again.</p>\n");
}

} // namespace gateway::connections
