// Appends JSON to a string that the caller reuses. Pure.
#pragma once
#include "base/append.hpp"

#include <string>
#include <string_view>

namespace gateway {

/// Adds quotes; escapes only what RFC 8259 §7 requires. Each byte of `text` that is not valid UTF-8 becomes
/// U+FFFD, since some texts (in log lines) come from outside.
void append_json_string(std::string& out, std::string_view text);
void put_json_string(string_appender& out, std::string_view text);
/// `"key":`, with a comma before it unless the text so far ends with an opening bracket.
void append_json_key(std::string& out, std::string_view key);

} // namespace gateway
