// The result of one call that user_api sent. On the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
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
    std::optional<milliseconds> named_wait; // Retry-After, if present and valid
    milliseconds took{0};
    steady_time ended;
};

/// Whether the client may send it once more.
outbound::repeat repeat_of(tiktok::endpoint which);

/// Reads and counts the client's result of a call sent at `began`. Fills `out`, which lives in the caller's
/// frame: moving an answer from frame to frame costs more than looking into it.
void note_reply(call_outcome& out, telemetry::recorder& recorder, tiktok::endpoint which,
                result<outbound::reply> reply, std::string_view access_token, steady_time began);

} // namespace gateway::user_api
