// The inputs of a call, held against its row before anything costs anything (docs/contract.md §5): all faults
// come back together, each with its field; unknown inputs are refused by name; legal text passes unchanged.
// Pure.
#pragma once
#include "api/call.hpp"
#include "api/row.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gateway::api {

struct validation {
    const row& what;
    /// `tiktok.verified_url_prefixes`
    const std::vector<std::string>& verified_url_prefixes;
    /// The body is the file itself, so its inputs must not name another.
    bool came_with_bytes = false;
};

/// Inputs from a query string. Errors: invalid_input with fields, malformed_request for bad escapes.
result<checked_input> check_query(const validation& by, std::string_view query);
/// Inputs from a JSON body; empty text stands for {}. Errors: invalid_input, malformed_json.
result<checked_input> check_body(const validation& by, std::string_view json);
/// For a route that takes its inputs from the body: each parameter of the query is one fault.
result<void> refuse_query(std::string_view query);

} // namespace gateway::api
