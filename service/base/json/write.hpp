// Appends JSON to a string that the caller keeps and reuses. Pure.
#pragma once
#include "base/append.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

/// With quotes; escapes what RFC 8259 §7 demands and nothing else. `text` that is not UTF-8 is made so: each
/// stray byte becomes U+FFFD, since some texts (a log line's) come from outside.
void append_json_string(std::string& out, std::string_view text);
void put_json_string(text_end& out, std::string_view text);
void append_json_number(std::string& out, std::int64_t number);
/// `"key":`, with a comma before it unless the text so far ends with an opening bracket.
void append_json_key(std::string& out, std::string_view key);

} // namespace gateway
