// What a door found in a request, before anything of it is believed. Lives as long as the request, on its
// worker.
#pragma once
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway {
class body_source;
}

namespace gateway::pipeline {

class shown_key;

/// Whom and what a call is about, checked. Reused from call to call, so that long names find their room.
struct checked_names {
    user_id user;    // of the path; empty where the path names none
    publish_id post; // of the path
};

/// Where a call came from, asked only where it matters: that takes a system call.
class client_address {
public:
    virtual ~client_address() = default;
    /// As limits::network_of() tells it.
    virtual std::uint64_t network() const = 0;
};

/// What a door found in a request, before anything is believed. Views live as long as the request.
struct request {
    checked_names* names = nullptr; // room of the door's, never null in a call; the pipeline fills it
    const api::row* what = nullptr; // the route is found first and travels along
    std::string_view user_id, publish_id, file_id, asset; // path segments, percent-decoded by the door
    std::string_view query;                               // raw, without `?`
    std::string_view api_key;          // of Authorization: Bearer or x-api-key; empty: none came
    shown_key* shown_before = nullptr; // of the connection it came on
    const client_address* from = nullptr;
    std::string_view idempotency_key;
    bool has_idempotency_key = false;
    std::string_view content_type;
    std::string_view content_digest;
    std::string_view signature;                  // TikTok-Signature
    std::string_view timeout_seconds;            // X-Request-Timeout, raw
    std::optional<std::uint64_t> content_length; // absent: chunked, or no body
    bool has_body = false;                       // bytes may follow: of a chunked body only its end tells
    bool expects_continue = false;               // the sender waits to be asked for them
    body_source* body = nullptr; // multipart has been opened by nobody yet: raw bytes of the message
    steady_time arrived;
    wall_time arrived_wall;
};

} // namespace gateway::pipeline
