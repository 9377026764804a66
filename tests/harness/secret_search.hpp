// Searches for secrets in a program's output: plain, in base64 (at each of its three alignments), in hex,
// URL-encoded, and by their first 8 bytes (docs/promises.md G03).
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace harness {

/// The secrets found in `text` and their form, each written as `…1234 (base64)`, with only the last four
/// characters of the secret.
std::vector<std::string> find_secrets(std::string_view text, const std::set<std::string>& secrets);

} // namespace harness
