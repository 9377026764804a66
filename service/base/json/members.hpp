// Reads a few members of a JSON object without building a DOM: for answers of which only one or two members
// matter while the rest is passed on as bytes. All functions require valid JSON (checked by scan_answer).
// Pure.
#pragma once
#include "base/memory/worker_memory.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Sets values[i] to the unchanged text of the object's own member names[i]; empty if there is none. Of equal
/// members the last counts, as in a DOM. No allocation unless a key has an escape.
void find_members(std::string_view object, std::span<const std::string_view> names,
                  std::span<std::string_view> values);

/// The unchanged texts of an array's elements; for anything else, the value itself.
std::vector<std::string_view> json_elements(std::string_view value);

/// The text of a string, the digits of an integer that fits 64 bits; of anything else, nothing.
std::string json_text(std::string_view value);
/// The same in memory of the worker, for the time of a call.
worker_string json_short_text(std::string_view value);
/// A non-negative integer.
std::optional<std::uint64_t> json_count(std::string_view value);

} // namespace gateway
