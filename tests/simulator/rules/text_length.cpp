#include "rules/text_length.hpp"

namespace gateway::simulator {

namespace {

/// The units of the character that begins with this byte; 0 for continuation bytes.
std::size_t units_of(char byte, bool code_points) {
    const auto value = static_cast<unsigned char>(byte);
    if ((value & 0xC0) == 0x80) return 0;
    return value >= 0xF0 && !code_points ? 2 : 1; // beyond the basic plane: a surrogate pair
}

} // namespace

std::size_t text_length(std::string_view utf8, bool code_points) {
    std::size_t units = 0;
    for (const char byte : utf8) {
        units += units_of(byte, code_points);
    }
    return units;
}

std::string cut_text(std::string_view utf8, std::size_t most, bool code_points) {
    std::size_t units = 0;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        units += units_of(utf8[i], code_points);
        if (units > most) return std::string(utf8.substr(0, i));
    }
    return std::string(utf8);
}

} // namespace gateway::simulator
