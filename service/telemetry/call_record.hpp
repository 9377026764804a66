// The facts of one call. Each layer fills in its part; at the end telemetry turns them into metrics and one
// log line. Owned by the session, used by one coroutine at a time.
#pragma once
#include "base/clock.hpp"
#include "base/errc.hpp"
#include "base/fair_share.hpp"
#include "base/quota_status.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::telemetry {

struct call_record {
    // Filled by inbound.
    std::string request_id;
    std::string traceparent;
    std::string_view action; // the row's slug, or "NONE" where no row was found
    std::string_view verb;
    std::string_view peer;       // the client's address, which the connection has as text
    std::string path;            // of no route, as the log may show it
    std::string caller;          // a name from the settings, never a key
    sharer by = sharer::gateway; // the caller, for bounds that callers share; calls without a key are one
    std::string user;
    steady_time began;
    wall_time began_wall;
    wall_time ended_wall; // when the answer was written
    std::uint64_t body_bytes_in = 0;

    // Filled by the layers below.
    std::string log_id;      // TikTok's, of the last answer
    std::string tiktok_code; // of its refusal, if that is the answer
    std::string publish_id;
    std::uint32_t upstream_calls = 0;
    milliseconds upstream_time{0};
    std::uint64_t body_bytes_out = 0;
    milliseconds waited{
        0}; // for news of a post, because the caller asked for it; no part of the call's duration
    bool replayed = false;
    bool undurable = false; // the outcome of a write could not be stored in time, and the answer says so
    std::string note;       // what the answer does not say: why it had no effect, why a login failed

    // For the RateLimit headers: the caller's quota, and the user's window of the endpoint called last.
    std::optional<limits::quota_status> caller_quota;
    std::optional<limits::quota_status> user_window;

    // Filled at the end.
    int status = 0;
    std::optional<errc> code;
    std::optional<limit_scope> refused_by;

    /// Clears the record for the next call and keeps the capacity of its texts.
    void begin(steady_time now, wall_time wall) {
        for (auto* text :
             {&request_id, &traceparent, &caller, &user, &path, &log_id, &tiktok_code, &publish_id, &note})
            text->clear();
        action = verb = peer = {};
        by = sharer_of({}); // until a key is known
        began = now;
        began_wall = ended_wall = wall;
        body_bytes_in = body_bytes_out = 0;
        upstream_calls = 0;
        upstream_time = waited = milliseconds{0};
        replayed = undurable = false;
        caller_quota.reset();
        user_window.reset();
        status = 0;
        code.reset();
        refused_by.reset();
    }
};

} // namespace gateway::telemetry
