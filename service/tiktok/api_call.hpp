// The request and the answer of one call to TikTok's API: the request is built only from typed values, and
// the answer is validated before any of it is used. Pure. Windows, tokens and retries are handled by
// user_api.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/types.hpp"
#include "tiktok/document.hpp"
#include "tiktok/endpoint.hpp"
#include "tiktok/types.hpp"

#include <string_view>

namespace gateway::tiktok {

/// The bytes to send. They hold the access token, hence a secret.
void write_request(secret& into, const outbound::origin& api, const api_request& what,
                   std::string_view access_token);

/// The document of a success (`error.code` is `ok`, HTTP 2xx, `data` an object wherever the endpoint has
/// one), else the translated refusal. The failure of an unsafe endpoint has may_have_reached_tiktok unless
/// TikTok certainly refused. `access_token` is the token that was sent; if TikTok echoes it, it is not shown.
result<document> read_answer(endpoint which, outbound::reply answer, std::string_view access_token = {});

} // namespace gateway::tiktok
