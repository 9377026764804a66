#include "store/postgresql/change_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace gateway::store {
namespace {

constexpr std::uint64_t closed_max_ms = 86'400'000; // a day, the longest effect of another replica's error

/// Removes the text before the next blank and gives it.
std::string_view take_word(std::string_view& from) {
    const auto end = from.find(' ');
    const auto word = from.substr(0, end);
    from.remove_prefix(end == std::string_view::npos ? from.size() : end + 1);
    return word;
}

std::optional<std::uint64_t> take_number(std::string_view& from) {
    const auto word = take_word(from);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
}

} // namespace

std::string to_text(const change& what) {
    const auto number = std::to_string(what.number) + " ";
    switch (what.what) {
        case change::kind::connection:
            return "changed " + number + what.name;
        case change::kind::share_requested:
            return "wanted " + number + what.name;
        case change::kind::window_closed:
            return "closed " + number + std::to_string(what.wait.count()) + " " + what.name;
    }
    return {};
}

std::optional<change> read_change(std::string_view text) {
    const auto word = take_word(text);
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (word == "changed") return change::of(user_id::trusted(std::string(text)), *number);
    const auto kind = static_cast<std::uint8_t>(*number); // the kind of a window
    if (word == "wanted") return change::wanted({std::string(text), kind});
    if (word != "closed") return std::nullopt;
    const auto wait_ms = take_number(text);
    if (!wait_ms) return std::nullopt;
    return change::closed({std::string(text), kind}, milliseconds{std::min(*wait_ms, closed_max_ms)});
}

} // namespace gateway::store
