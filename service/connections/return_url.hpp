// Where a browser may be sent after a login: only under prefixes that were agreed before. Compared as parsed
// URLs, piece by piece, never as text (S02's rule). Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {

/// True when `url` has the prefix's scheme, host and port, and a path equal to or below the prefix's. A URL
/// with a user or a fragment lies nowhere, nor does one whose path holds dot segments or escaped slashes. The
/// query is not looked into.
bool lies_under(std::string_view url, std::string_view prefix);
bool lies_under_any(std::string_view url, const std::vector<std::string>& prefixes);

/// `url` with `user_id`, `result` and, where there is one, `reason` added to its query.
std::string with_result(std::string url, std::string_view user_id, std::string_view result,
                        std::string_view reason = {});

} // namespace gateway::connections
