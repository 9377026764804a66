// The parameters of the authorize page and TikTok's checks of them (docs/tiktok-wire.md §1.1, W2). A fault is
// shown on TikTok's page; the app is not called.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// A fault as in the page's address: `error=…&error_type=…`, with `errCode` between them if TikTok has one.
struct page_fault {
    std::string type; // the parameter that is wrong, shown on the page
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
/// The granted scopes: those requested and ticked (nothing ticked: all), and the one that is always given.
string_list granted_scopes(const switches& choice, const string_list& asked,
                           const std::optional<string_list>& ticked);

} // namespace gateway::simulator
