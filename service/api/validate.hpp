// Checks the inputs of a call with its row before any other work (docs/contract.md §5): all faults are
// reported together, each with its field; unknown inputs are refused by name; valid text is not changed.
// Pure.
#pragma once
#include "api/call.hpp"
#include "api/row.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::api {

struct validation {
    const row& what;
    /// `tiktok.verified_url_prefixes`
    const std::vector<std::string>& verified_url_prefixes;
    /// The body is the file itself, so the inputs must not refer to another one.
    bool came_with_bytes = false;
    /// If given, inputs of which only URLs are outside of the verified prefixes are good, and the refusal is
    /// stored here: it does not matter to an answer that was given already.
    std::optional<failure>* unverified = nullptr;
    /// If given, the inputs of a dry run of which only values are wrong are good, without those values, and
    /// the refusal is stored here. Faults of the form (an unknown input, one that is given twice) stay
    /// failures.
    std::optional<failure>* of_dry_run = nullptr;
};

/// Inputs from a query string. Errors: invalid_input with fields, malformed_request for bad escapes.
result<checked_input> check_query(const validation& by, std::string_view query);
/// Inputs from a JSON body; an empty text means {}. Errors: invalid_input, malformed_json.
result<checked_input> check_body(const validation& by, std::string_view json);
/// For a route whose inputs are in the body: each query parameter is one fault.
result<void> refuse_query(std::string_view query);

} // namespace gateway::api
