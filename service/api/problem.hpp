// The JSON object `problem`, by which programs decide what to do about a failure (docs/contract.md §4). Pure;
// appends to a string that is reused.
#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace gateway::api {

/// {"code","status","retryable",…}: optional members only if they apply.
void append_problem(std::string& out, const failure& why, std::string_view request_id);

/// Whether the same call can succeed later, and repeating it does no harm.
bool retryable(const failure& why);

/// The failure for an exception in a call. How far a write came is unknown, so it must not be repeated.
failure internal_fault(bool writes);

} // namespace gateway::api
