#include "inbound/shown_path.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>

namespace gateway::inbound {
namespace {

constexpr std::size_t shown_bytes_max = 200;
constexpr std::size_t short_bytes_max = 12; // no secret is so short (docs/contract.md §9: 32 characters)
constexpr std::size_t word_bytes_max = 32;

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool joins_words(char c) {
    return c == '_' || c == '-' || c == '.';
}

/// Random text has digits or both cases; the names of routes and actions have neither.
bool is_word(std::string_view text) {
    if (text.size() > word_bytes_max) return false;
    const auto all = [text](bool (*letter)(char)) {
        return std::all_of(text.begin(), text.end(),
                           [letter](char c) { return letter(c) || joins_words(c); });
    };
    return all(is_lower) || all(is_upper);
}

bool is_short(std::string_view text) {
    return text.size() <= short_bytes_max
           && consists_of(text, [](char c) { return is_alphanumeric(c) || joins_words(c); });
}

} // namespace

/// Two short segments beside each other could be a secret with a slash in it, as base64 has them, so of those
/// only the first is shown.
std::string shown_path(std::string_view path) {
    std::string out;
    bool after_short = false;
    for (std::size_t at = 0; at < path.size() && out.size() < shown_bytes_max;) {
        const auto end = std::min(path.find('/', at), path.size());
        const auto segment = path.substr(at, end - at);
        const bool word = is_word(segment);
        const bool shown = word || (is_short(segment) && !after_short);
        out += shown ? segment : std::string_view("*");
        after_short = !word;
        if (end < path.size()) out += '/';
        at = end + 1;
    }
    return out;
}

} // namespace gateway::inbound
