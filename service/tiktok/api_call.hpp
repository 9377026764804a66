// What goes out and what comes of one call to TikTok's API: a flat request built from typed values only, one
// answer validated before anybody sees a byte of it. Pure. Window, token and retry are user_api's.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/origin.hpp"
#include "outbound/reply.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/types.hpp"

#include <string_view>

namespace gateway::tiktok {

/// The bytes to send. They hold the access token, hence a secret.
void write_request(secret& into, const outbound::origin& api, const api_request& what,
                   std::string_view access_token);

/// The document of a success (`error.code` is `ok`, HTTP 2xx, `data` an object wherever the endpoint has
/// one), else the translated refusal. An unsafe endpoint's failure says may_have_reached_tiktok unless TikTok
/// refused for certain. `access_token` is what was sent: should TikTok echo it, it is not shown.
result<document> read_answer(endpoint which, outbound::reply answer, std::string_view access_token = {});

} // namespace gateway::tiktok
