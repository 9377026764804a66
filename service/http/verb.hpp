// The methods of HTTP as far as this service knows them; our own, so that nobody needs Beast to name one.
#pragma once
#include <string_view>

namespace gateway::http {

enum class verb : unsigned char { get, head, post, put, delete_, patch, options, trace, connect, unknown };

/// "GET", "DELETE", …; "UNKNOWN" for `unknown`.
std::string_view name_of(verb v);
/// Case matters in methods (RFC 9110 §9.1).
verb verb_of(std::string_view text);

} // namespace gateway::http
