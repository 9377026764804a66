#include "store/postgresql/change_text.hpp"

#include "base/lists.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gateway::store {
namespace {

constexpr std::array<std::string_view, 6> words{"changed", "wanted", "closed",
                                                "post",    "bytes?", "bytes"}; // of each change::kind

} // namespace

std::string to_text(const change& what) {
    return std::string(words[static_cast<std::size_t>(what.what)]) + " " + std::to_string(what.number) + " "
           + what.name;
}

std::optional<change> read_change(std::string_view text) {
    const auto* const word = std::find(words.begin(), words.end(), next_piece(text, ' '));
    const auto number = parse_number<std::uint64_t>(next_piece(text, ' '));
    if (word == words.end() || !number) return std::nullopt;
    return change{static_cast<change::kind>(word - words.begin()), std::string(text), *number};
}

} // namespace gateway::store
