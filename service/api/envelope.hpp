// The outcome of a call and its envelope (docs/contract.md §4): used by the listeners for answers and by
// idempotency/ for stored answers. Pure; appends to a string that is reused.
#pragma once
#include "api/answer.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace gateway::api {

/// The first answer to an Idempotency-Key, repeated byte for byte.
struct replay {
    int status = 200;
    std::string envelope;
};

using outcome = std::variant<answer, replay, failure>;

/// Adds a sentence to `data.warnings[]`, if the answer's data is an object of the gateway.
void add_warning(answer& to, std::string_view sentence);

/// Appends the envelope's bytes to `out`; gives the HTTP status.
int write_envelope(std::string& out, const outcome& what, std::string_view request_id);

} // namespace gateway::api
