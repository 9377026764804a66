// TikTok's API as one worker calls it: what all bound_api of the worker share, and nobody else sees. Made at
// the start, one per worker, outlives every call; used from the worker's thread only (tokens and windows are
// themselves shared by all workers).
#pragma once
#include "base/ids.hpp"
#include "base/memory/object_pool.hpp"
#include "base/secret.hpp"
#include "outbound/origin.hpp"
#include "tokens/token_service.hpp"
#include "user_api/retry_budget.hpp"
#include "windows/shared_windows.hpp"

#include <cstddef>
#include <utility>

namespace gateway::outbound {
class client;
}
namespace gateway::telemetry {
class recorder;
}

namespace gateway::user_api {

class uploader;

/// The bytes of a request on its way. The token is in them, so nothing is left there when it is sent.
struct request_buffer {
    secret bytes;

    void clean() {
        if (bytes.capacity() > kept_bytes_max)
            bytes.release();
        else
            bytes.wipe();
    }
    static constexpr std::size_t kept_bytes_max = 4 * 1024;
};

class api_client {
public:
    /// `windows` stands over a table made of windows::window_rules().
    api_client(outbound::client& client, outbound::origin api, tokens::token_service& tokens,
               windows::shared_windows& windows, uploader& uploads, telemetry::recorder& recorder)
        : client_(client),
          api_(std::move(api)),
          tokens_(tokens),
          windows_(windows),
          uploads_(uploads),
          recorder_(recorder) {}

    /// A call for this user has come. What is kept of them lies in places of its own, and with many users in
    /// no cache of the processor's: it is fetched while the call is still looked at.
    void expect(const user_id& user) const {
        tokens_.expect(user);
        windows_.expect(user.text());
    }

private:
    friend class bound_api;

    outbound::client& client_;
    outbound::origin api_;
    tokens::token_service& tokens_;
    windows::shared_windows& windows_;
    uploader& uploads_;
    telemetry::recorder& recorder_;
    object_pool<request_buffer> buffers_;
    retry_budget budget_;
};

} // namespace gateway::user_api
