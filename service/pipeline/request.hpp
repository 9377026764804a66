// A request of a listener before its checks. Lives as long as the request, on its worker.
#pragma once
#include "api/path_parameters.hpp"
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway {
class body_source;
}
namespace gateway::api {
class live_answer;
}

namespace gateway::pipeline {

class cached_api_key;

/// The checked names of a call. Reused from call to call, so that long names need no allocation.
struct checked_names {
    user_id user;    // of the path; empty if the path has none
    publish_id post; // of the path
};

/// The client's address, read only if it is needed, because that takes a system call.
class client_address {
public:
    virtual ~client_address() = default;
    /// The value of limits::network_of().
    virtual std::uint64_t network() const = 0;
};

/// An unchecked request of a listener. Views live as long as the request.
struct request {
    checked_names* names = nullptr;             // owned by the listener, never null; filled by the pipeline
    const api::row* what = nullptr;             // the row of the route
    const api::path_parameters* path = nullptr; // of the route, never null in a call
    std::string_view query;                     // raw, without `?`
    std::string_view api_key;                   // of Authorization: Bearer or x-api-key; empty if absent
    cached_api_key* shown_before = nullptr;     // of the connection
    const client_address* from = nullptr;
    std::string_view idempotency_key;
    bool has_idempotency_key = false;
    std::string_view content_type;
    std::string_view content_digest;
    std::string_view signature;                  // TikTok-Signature
    std::string_view timeout_seconds;            // X-Request-Timeout, raw
    std::optional<std::uint64_t> content_length; // absent: chunked, or no body
    bool has_body = false;                       // bytes may follow; a chunked body may still be empty
    bool expects_continue = false;               // the client waits for 100 Continue
    api::live_answer* live = nullptr;            // see api::call
    body_source* body = nullptr;                 // the raw bytes of the message, also for multipart
    steady_time arrived;
    wall_time arrived_wall;
};

} // namespace gateway::pipeline
