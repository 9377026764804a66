// The field Accept, of which only types by their name count (RFC 9110 §12.5.1). Pure.
#pragma once
#include <string_view>

namespace gateway::http {

/// Whether a line of the field names this type with a weight above zero (RFC 9110 §12.4.2). Ranges such as
/// `*/*` do not count: whoever takes anything gets the usual answer. Neither does a weight out of grammar.
/// `media_type` is in lower case.
bool names_as_acceptable(std::string_view accept, std::string_view media_type);

} // namespace gateway::http
