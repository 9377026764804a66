// The result of one call that user_api sent. On the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/quota_status.hpp"
#include "base/result.hpp"
#include "limits/window.hpp"
#include "outbound/client.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"

#include <optional>
#include <string_view>

namespace gateway::telemetry {
class recorder;
}

namespace gateway::user_api {

struct call_outcome {
    result<tiktok::document> answer;        // always set before it is read
    bool answered = false;                  // TikTok has answered, with success or a refusal
    bool may_have_left = false;             // without an answer: bytes of the request may have left
    bool was_stale = false;                 // without an answer: exchange_result::was_stale()
    std::optional<milliseconds> named_wait; // Retry-After, if present and valid
    milliseconds took{0};
    steady_time ended;
};

/// Reads and counts the client's result of a call sent at `began`. Fills `out`, which lives in the caller's
/// frame: moving an answer from frame to frame costs more than looking into it.
void note_reply(call_outcome& out, telemetry::recorder& recorder, tiktok::endpoint which,
                outbound::exchange_result<outbound::reply> reply, std::string_view access_token,
                steady_time began);
/// Settles the slot of a call without TikTok's 429: one that may have reached TikTok counts from its end on.
limits::quota_status settle(limits::permit& slot, const call_outcome& out);

} // namespace gateway::user_api
