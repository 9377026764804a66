#include "base/pattern.hpp"

#include <algorithm>

namespace gateway {

bool matches(std::string_view pattern, std::string_view text) {
    if (pattern == "*") return true; // the usual case
    auto star = pattern.find('*');
    if (star == std::string_view::npos) return text == pattern;
    if (!text.starts_with(pattern.substr(0, star))) return false;
    // Each piece between two stars at the first place where it fits: that leaves the most for the pieces
    // after it.
    for (std::size_t fits_at = 0;; fits_at = text.find(pattern.substr(0, star))) {
        if (fits_at == std::string_view::npos) return false;
        text.remove_prefix(fits_at + star);
        pattern.remove_prefix(star + 1);
        star = pattern.find('*');
        if (star == std::string_view::npos) return text.ends_with(pattern);
    }
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [text](const std::string& pattern) { return matches(pattern, text); });
}

} // namespace gateway
