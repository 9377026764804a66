// The scopes of TikTok that this gateway has a use for: the one list that whatever needs one is held against.
// TikTok has more and adds some, so an unknown one is allowed and only told. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

struct scope {
    std::string_view name;
    std::string_view allows; // said to the person who grants it: "This app may …"
};

std::span<const scope> known_scopes();
/// Null: none of ours.
const scope* find_scope(std::string_view name);

/// Those of `names` that are none of ours, in their order, each once.
std::vector<std::string> unknown_scopes(std::span<const std::string> names);

} // namespace gateway::tiktok
