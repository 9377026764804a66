// The HTTP methods that this service supports. A type of our own, so that no file needs Beast to name a
// method.
#pragma once
#include <string_view>

namespace gateway::http {

enum class verb : unsigned char { get, head, post, put, delete_, patch, options, trace, connect, unknown };

/// "GET", "DELETE", …; "UNKNOWN" for `unknown`.
std::string_view name_of(verb v);
/// Methods are case-sensitive (RFC 9110 §9.1).
verb verb_of(std::string_view text);

} // namespace gateway::http
