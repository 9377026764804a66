// What a client asks of the authorize page, and what TikTok finds wrong with it (docs/tiktok-wire.md §1.1,
// W2). Such a fault stays on TikTok's own page; the app never hears of it.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// As the page's address tells it: `error=…&error_type=…`, with `errCode` between them where TikTok has one.
struct page_fault {
    std::string type; // the parameter to correct, which the page names
    std::string error;
    int number = 0; // errCode; 0: none
};

struct authorize_request {
    const app_settings* app = nullptr;
    account* user = nullptr;
    std::string redirect_uri, code_challenge;
    std::optional<std::string> state;
    string_list scopes;
    std::string response_type;
    std::optional<page_fault> fault;
};

/// Notes app and account in the record. The user is the one named by `account`, or the default one.
authorize_request read_authorize_request(call& c, const form_fields& fields);

/// Desktop apps, and redirects to the user's own machine: they need a challenge, in hex.
bool needs_challenge(const app_settings& app, std::string_view redirect_uri);

/// The scope that is in every grant and cannot be unticked; empty: none.
std::string_view scope_given_always(const switches& choice);
/// What the grant holds: what was asked for and ticked (nothing: all), and what is given always.
string_list granted_scopes(const switches& choice, const string_list& asked,
                           const std::optional<string_list>& ticked);

} // namespace gateway::simulator
