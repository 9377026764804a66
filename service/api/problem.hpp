// The object that tells a program what to do about a failure (docs/contract.md §4). Pure; appends to a string
// that is reused.
#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace gateway::api {

/// {"code","status","retryable",…}: optional members only where they apply.
void append_problem(std::string& out, const failure& why, std::string_view request_id);

/// The same call can succeed later without being changed, and repeating it can do no harm.
bool retryable(const failure& why);

/// A bug of ours in the middle of a call. Of a write nobody knows how far it came, so it must not be done
/// again.
failure internal_fault(bool writes);

} // namespace gateway::api
