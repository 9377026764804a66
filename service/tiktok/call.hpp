// What goes out and what comes of one call to TikTok's API, which user_api sends: a flat request built from
// typed values only, one answer validated before anybody sees a byte of it. No window, no retry, no refresh:
// that is user_api's. The worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/memory/worker_memory.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/client.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::tiktok {

class services;

struct api_request {
    endpoint which;
    std::string_view fields; // the comma list for `?fields=`, or empty; outlives the call
    worker_string body;      // JSON, or empty
};

/// The bytes to send. They hold the access token, hence a secret.
void write_request(secret& into, const outbound::origin& api, const api_request& what,
                   std::string_view access_token);

/// The document of a success (`error.code` is `ok`, HTTP 2xx, `data` an object wherever the endpoint has
/// one), else the translated refusal. An unsafe endpoint's failure says may_have_reached_tiktok unless TikTok
/// refused for certain. `access_token` is what was sent: should TikTok echo it, it is not shown.
result<document> read_answer(endpoint which, outbound::reply answer, std::string_view access_token = {});

struct call_outcome {
    result<document> answer;                // filled before anybody looks
    bool answered = false;                  // TikTok's verdict is here, good or bad
    bool may_have_left = false;             // without an answer: bytes of the request may have left
    std::optional<milliseconds> named_wait; // Retry-After, if it came and made sense
    milliseconds took{0};
    steady_time ended;
};

/// Whether the client may send it once more.
outbound::repeat repeat_of(endpoint which);

/// What the client brought of a call that went out at `began`; the observer is told. Fills `out`, which lives
/// in the caller's frame: moving an answer from frame to frame costs more than looking into it.
void note_reply(call_outcome& out, const services& shared, endpoint which, result<outbound::reply> reply,
                std::string_view access_token, steady_time began);

} // namespace gateway::tiktok
