// What all user_api and chunk senders of one worker share. Built by main, one per worker, outlives every
// call; used from the worker's thread only (tokens, windows and memory are themselves shared by all workers).
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/memory/object_pool.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "outbound/client.hpp"
#include "settings/settings.hpp"
#include "user_api/retry_budget.hpp"
#include "user_api/upload_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace gateway::tokens {
class token_service;
}
namespace gateway::windows {
class shared_windows;
}

namespace gateway::user_api {

/// Facts for the metrics; telemetry/ stands behind it (main connects the two). Labels are of closed sets: an
/// endpoint's name, and `ok`, a code of the error table, `unknown`, `http_5xx`, or `unreachable`, `tls`,
/// `deadline`. Empty functions are not called.
struct observer {
    std::function<void(std::string_view endpoint, std::string_view code, milliseconds took)> upstream_call;
    std::function<void(limit_scope scope, std::string_view endpoint)> rate_limited;
    std::function<void(std::uint64_t bytes)> uploaded;        // sent to TikTok's upload host
    std::function<void(int change)> uploads_in_flight;        // +1, -1
    std::function<void(std::string_view outcome)> post_ended; // begun, settled, failed, outcome_unknown
};

/// The origin in `tiktok.api_url`; invalid_input when it is not an https origin.
result<outbound::origin> origin_of(std::string_view url);

/// The bytes of a request on its way. The token is in them, so nothing is left there when it is sent.
struct request_room {
    secret bytes;

    void clean() {
        if (bytes.capacity() > kept_bytes_max)
            bytes.release();
        else
            bytes.wipe();
    }
    static constexpr std::size_t kept_bytes_max = 4 * 1024;
};

class services {
public:
    /// Throws where tiktok.api_url is not an https origin: a start that must fail.
    services(outbound::client& client, tokens::token_service& tokens, windows::shared_windows& windows,
             upload_memory& memory, const settings::all& settings, observer told);

    /// A call for this user has come. What is kept of them lies in places of its own, and with many users in
    /// no cache of the processor's: it is fetched while the call is still looked at.
    void expect(const user_id& user) const;

    outbound::client& client;
    tokens::token_service& tokens;
    windows::shared_windows& windows; // over a table made of windows::window_rules()
    upload_memory& memory;            // of `uploads.memory_bytes`
    const settings::all& settings;
    observer told;
    object_pool<request_room> request_rooms;
    retry_budget budget;
    outbound::origin api;
};

} // namespace gateway::user_api
