#include "http/accept.hpp"

#include "http/wire_text.hpp"

#include <cstddef>

namespace gateway::http {
namespace {

constexpr std::size_t decimals_max = 3;

/// As next_piece() of base/lists.hpp; a separator inside of a quoted string separates nothing.
std::string_view next_unquoted(std::string_view& rest, char separator) {
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < rest.size() && (is_quoted || rest[at] != separator); ++at) {
        if (rest[at] == '"') is_quoted = !is_quoted;
        if (is_quoted && rest[at] == '\\') ++at; // the next byte is literal
    }
    const auto piece = rest.substr(0, at);
    rest = at < rest.size() ? rest.substr(at + 1) : std::string_view{};
    return piece;
}

/// `0` to `1`, with three decimals at most.
bool is_above_zero(std::string_view weight) {
    if (weight.empty() || (weight.size() > 1 && weight[1] != '.')) return false;
    const auto decimals = weight.size() > 2 ? weight.substr(2) : std::string_view{};
    if (decimals.size() > decimals_max || !consists_of(decimals, is_digit)) return false;
    const bool has_decimals = decimals.find_first_not_of('0') != std::string_view::npos;
    return weight.front() == '0' ? has_decimals : weight.front() == '1' && !has_decimals;
}

/// By its parameters, where the weight is the last one that counts.
bool is_acceptable(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto one = trimmed(next_unquoted(parameters, ';'));
        const auto equals = one.find('=');
        if (equals != std::string_view::npos && same_word(one.substr(0, equals), "q"))
            return is_above_zero(one.substr(equals + 1));
    }
    return true;
}

} // namespace

bool names_as_acceptable(std::string_view accept, std::string_view media_type) {
    while (!accept.empty()) {
        auto one = next_unquoted(accept, ',');
        const auto type = trimmed(next_unquoted(one, ';'));
        if (same_word(type, media_type) && is_acceptable(one)) return true;
    }
    return false;
}

} // namespace gateway::http
