// Patterns of the settings: `*` is the only wildcard, and a pattern matches the whole text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// At most text times pattern steps, without recursion, so no pattern can be expensive.
bool matches(std::string_view pattern, std::string_view text);
bool matches_any(const std::vector<std::string>& patterns, std::string_view text);

} // namespace gateway
