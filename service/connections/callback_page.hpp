// The pages at the end of a login. No script, no external resource, every text escaped. Pure.
#pragma once
#include "connections/login_outcome.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {

/// Who gives what to whom; shown on the page, so that a person sees whom they connected. Empty ones are left
/// out.
struct page_facts {
    std::string_view account; // the name of the TikTok account
    std::string_view app;     // the TikTok app
    std::string_view caller;
    std::string_view user;
};

/// `asked` and `granted` are scopes: the page says in plain words what was allowed and what was not.
std::string connected_page(const std::vector<std::string>& asked, const std::vector<std::string>& granted,
                           const page_facts& facts = {});

inline constexpr std::string_view start_again = "Go back to where you came from and start again.";

/// The text for a refused login: what it means, and who can solve it.
struct refusal_words {
    std::string_view what_happened;
    std::string_view what_to_do;
};
/// For a refusal, by its reason.
refusal_words words_for(login_result refusal);
/// For TikTok's `error` at the callback, and the reason that it is.
refusal_words words_for(std::string_view error);
login_result result_for(std::string_view error);

/// Why the login failed, and what to do; one plain sentence each.
std::string refused_page(std::string_view what_happened, std::string_view what_to_do,
                         const page_facts& facts = {});

/// For a link that no login waits for. It says nothing of the connection: whoever goes back to TikTok's page
/// after a good login, and allows it once more, comes here too.
std::string unusable_link_page(std::string_view what_happened);

/// For a user who logged in with another account than the connected one.
std::string another_account_page(const page_facts& facts = {});

/// For a browser that comes while the same login is being finished.
std::string unfinished_page(const page_facts& facts = {});

std::string html_escaped(std::string_view text);

} // namespace gateway::connections
