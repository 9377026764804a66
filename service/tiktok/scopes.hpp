// The scopes of TikTok that this gateway uses; the only list of them. TikTok has more, so unknown scopes are
// allowed and only reported. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

struct scope {
    std::string_view name;
    std::string_view allows; // text for the user who grants it: "This app may …"
};

std::span<const scope> known_scopes();
/// Null if it is not in the list.
const scope* find_scope(std::string_view name);

/// Those of `names` that are not in the list, in their order, each once.
std::vector<std::string> unknown_scopes(std::span<const std::string> names);

} // namespace gateway::tiktok
