// Percent-encoding (RFC 3986 §2.1). Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gateway::http {

/// Appends `text` with everything but A-Z a-z 0-9 - . _ ~ encoded: safe in a path segment, a query and a form
/// body.
void append_percent_encoded(std::string& out, std::string_view text);
std::string percent_encoded(std::string_view text);

/// Nothing when an escape is incomplete or not hexadecimal, and when there is a NUL, escaped or not.
/// `plus_is_blank`: for queries and forms.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false);

} // namespace gateway::http
