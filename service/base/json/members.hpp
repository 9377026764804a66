// A few members of a JSON object, without building a DOM of it: for answers of which a member or two decides
// while the rest is passed on as bytes. Everything here takes JSON that is valid (scan_answer saw it). Pure.
#pragma once
#include "base/memory/worker_memory.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// values[i] becomes the value of the object's own member names[i], as it stands; empty where there is none.
/// Of equal members the last counts, as in a DOM. No allocation unless a key has an escape.
void find_members(std::string_view object, std::span<const std::string_view> names,
                  std::span<std::string_view> values);

/// The elements of an array as they stand; of anything else, itself.
std::vector<std::string_view> json_elements(std::string_view value);

/// The text of a string, the digits of an integer that fits 64 bits; of anything else, nothing.
std::string json_text(std::string_view value);
/// The same as text that lives as long as a call.
worker_string json_short_text(std::string_view value);
/// An integer from zero on.
std::optional<std::uint64_t> json_count(std::string_view value);

} // namespace gateway
