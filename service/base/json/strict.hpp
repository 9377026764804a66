// Parses JSON bodies of callers into a DOM, strictly (C23): Boost.JSON keeps the last of two equal keys and
// rounds huge numbers; here both are refused, before memory is used. Pure.
#pragma once
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string_view>

namespace gateway {

/// More values than any action takes; bounds the DOM's memory whatever the body's size.
inline constexpr std::size_t max_json_values = 10'000;

/// Refuses with malformed_json what is not one JSON value in UTF-8, a byte order mark, lone surrogates,
/// nesting deeper than 32, more than max_json_values values, equal keys in one object, numbers that fit no
/// 64-bit type. The sentence begins with `what` and tells one cause and its place (json/fault.hpp).
result<boost::json::value> parse_json(std::string_view text, std::string_view what = "The body");

} // namespace gateway
