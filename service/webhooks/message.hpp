// The request that brings an event to its receiver, signed by the scheme of Standard Webhooks
// (https://www.standardwebhooks.com), so that receivers verify it with a library. Pure.
#pragma once
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "outbound/types.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gateway::webhooks {

/// `v1,` and the base64 of HMAC-SHA256 over `ID.SECONDS.BODY`; one for each secret, with blanks between them,
/// so that a receiver may have either.
std::string sign(std::span<const secret> keys, std::string_view id, std::int64_t at_s, std::string_view body);

struct message {
    std::string_view id;
    std::string_view body; // JSON
    wall_time at;          // of this try
};

/// The whole request. `target`: path and query.
std::string write_request(const outbound::origin& to, std::string_view target, std::span<const secret> keys,
                          const message& what);

} // namespace gateway::webhooks
