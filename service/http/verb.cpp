#include "http/verb.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gateway::http {
namespace {

constexpr std::array<std::string_view, 10> names{"GET",   "HEAD",    "POST",  "PUT",     "DELETE",
                                                 "PATCH", "OPTIONS", "TRACE", "CONNECT", "UNKNOWN"};

} // namespace

std::string_view name_of(verb v) {
    return names[static_cast<std::size_t>(v)];
}

verb verb_of(std::string_view text) {
    const auto* const last = names.end() - 1; // "UNKNOWN" is only for logs, it is not a method
    const auto* const found = std::find(names.begin(), last, text);
    return static_cast<verb>(found - names.begin());
}

} // namespace gateway::http
