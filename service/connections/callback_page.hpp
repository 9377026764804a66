// The pages at the end of a login. No script, no external resource, every text escaped. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {

/// `asked` and `granted` are scopes: the page says in plain words what was allowed and what was not.
std::string connected_page(const std::vector<std::string>& asked, const std::vector<std::string>& granted);

inline constexpr std::string_view start_again = "Go back to where you came from and start again.";

/// The text for TikTok's `error`: what it means, and who can solve it.
struct refusal_words {
    std::string_view what_happened;
    std::string_view what_to_do;
};
refusal_words words_for(std::string_view error);

/// Why the login failed, and what to do; one plain sentence each.
std::string refused_page(std::string_view what_happened, std::string_view what_to_do);

/// For a user who logged in with another account than the connected one.
std::string another_account_page();

std::string html_escaped(std::string_view text);

} // namespace gateway::connections
