// One call, whatever door it came by: caller, quota, acting user, input, replay, run, record. The order, with
// the reason for each place, stands in pipeline.cpp and nowhere else. One per worker, used from its thread.
#pragma once
#include "api/envelope.hpp"
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {
class body_source;
}
namespace gateway::api {
struct parts;
}
namespace gateway::limits {
class address_limiter;
class window_table;
} // namespace gateway::limits
namespace gateway::settings {
struct all;
}
namespace gateway::store {
class store;
}
namespace gateway::telemetry {
struct call_record;
}
namespace gateway::user_api {
class services;
}

namespace gateway::pipeline {

class caller_book;
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

using api::outcome;

/// What a pipeline works with, gathered by main. Everything outlives it.
struct parts {
    const settings::all& settings;
    std::shared_ptr<const caller_book> callers; // shared by all workers
    limits::window_table& quotas;               // shared; each caller's rule comes with the taking
    limits::address_limiter& unknown_keys;      // shared
    store::store& store;                        // shared
    user_api::services& tiktok;                 // of this worker
    api::parts& actions;                        // of this worker
    const last_moment& calls_end;               // shared; the drain sets it
};

class pipeline {
public:
    explicit pipeline(parts with);

    /// For calls that begin from now on; those in flight go on with the callers they began with. On the
    /// worker's thread.
    void change_callers(std::shared_ptr<const caller_book> callers) { with_.callers = std::move(callers); }

    /// Never throws for a request's fault. The body is read only as far as the row needs it. All arguments
    /// outlive the call; what came of it is in `out`. Fills caller, user, caller_quota, replayed, code and
    /// refused_by of the record; the door fills the rest.
    task<void> serve(request& what, telemetry::call_record& record, outcome& out);

private:
    parts with_;
};

} // namespace gateway::pipeline
