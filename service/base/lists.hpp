// Lists in a text: comma-separated scopes and fields, the choices of an input, header values. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Removes the piece before `separator` from `rest` and gives it.
constexpr std::string_view next_piece(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto piece = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return piece;
}

/// Whether `word` is one of the pieces.
constexpr bool list_holds(std::string_view list, char separator, std::string_view word) {
    while (!list.empty())
        if (next_piece(list, separator) == word) return true;
    return false;
}

/// The pieces without the blanks around them; empty ones are left out.
std::vector<std::string> split_list(std::string_view list, char separator = ',');

/// Empty pieces keep their places.
std::string joined(const std::vector<std::string>& pieces, std::string_view between = ",");

} // namespace gateway
