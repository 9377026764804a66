#include "base/pattern.hpp"

#include <algorithm>

namespace gateway {

bool matches(std::string_view pattern, std::string_view text) {
    if (pattern == "*") return true; // the usual case
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star =
        std::string_view::npos; // the last star, and the position in the text where its match began
    std::size_t from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [text](const std::string& pattern) { return matches(pattern, text); });
}

} // namespace gateway
