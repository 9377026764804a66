#include "store/postgresql/change_text.hpp"

#include "base/lists.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gateway::store {
namespace {

constexpr std::array<std::string_view, 3> words{"changed", "wanted", "closed"}; // of each change::kind
constexpr std::uint64_t closed_max_ms = 86'400'000; // a day, the longest effect of another replica's error

} // namespace

std::string to_text(const change& what) {
    std::string out(words[static_cast<std::size_t>(what.what)]);
    out += " " + std::to_string(what.number) + " ";
    if (what.what == change::kind::window_closed) out += std::to_string(what.wait.count()) + " ";
    return out + what.name;
}

std::optional<change> read_change(std::string_view text) {
    const auto* const word = std::find(words.begin(), words.end(), next_piece(text, ' '));
    const auto number = parse_number<std::uint64_t>(next_piece(text, ' '));
    if (word == words.end() || !number) return std::nullopt;
    change out{static_cast<change::kind>(word - words.begin()), {}, *number, {}};
    if (out.what == change::kind::window_closed) {
        const auto wait_ms = parse_number<std::uint64_t>(next_piece(text, ' '));
        if (!wait_ms) return std::nullopt;
        out.wait = milliseconds{std::min(*wait_ms, closed_max_ms)};
    }
    out.name = text;
    return out;
}

} // namespace gateway::store
