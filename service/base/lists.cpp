#include "base/lists.hpp"

#include "base/text.hpp"

namespace gateway {

std::vector<std::string> split_list(std::string_view list, char separator) {
    std::vector<std::string> pieces;
    while (!list.empty())
        if (const auto piece = trimmed(next_piece(list, separator)); !piece.empty())
            pieces.emplace_back(piece);
    return pieces;
}

std::string joined(const std::vector<std::string>& pieces, std::string_view between) {
    std::string out;
    for (const std::string& piece : pieces)
        out.append(&piece == pieces.data() ? "" : between).append(piece);
    return out;
}

} // namespace gateway
