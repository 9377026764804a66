// Looks for secrets in what a program said: as they are, in base64 (at each of its three alignments), in hex,
// URL-encoded, and by their first 8 bytes (failure-catalogue G03).
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace harness {

/// Which form of which secret `text` holds, each told as `…1234 (base64)`: by its last four characters only.
std::vector<std::string> find_secrets(std::string_view text, const std::set<std::string>& secrets);

} // namespace harness
