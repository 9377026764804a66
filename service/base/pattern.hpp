// Patterns of the settings: `*` is the one wildcard, and a pattern matches the whole text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Linear in text times pattern, no recursion: a pattern cannot be made to cost more.
bool matches(std::string_view pattern, std::string_view text);
bool matches_any(const std::vector<std::string>& patterns, std::string_view text);

} // namespace gateway
