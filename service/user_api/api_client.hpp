// The parts that all bound_api of one worker share; private to them. Made at the start, one per worker,
// outlives every call; used from the worker's thread only (tokens and windows are themselves shared by all
// workers).
#pragma once
#include "base/ids.hpp"
#include "base/memory/object_pool.hpp"
#include "base/secret.hpp"
#include "limits/shared_bytes.hpp"
#include "outbound/types.hpp"
#include "tiktok/endpoint.hpp"
#include "tokens/token_service.hpp"
#include "user_api/retry_budget.hpp"
#include "windows/shared_windows.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gateway::outbound {
class client;
}
namespace gateway::telemetry {
class recorder;
}

namespace gateway::user_api {

class upload_observer;

/// Memory for the bytes of a request. They contain the token, so they are wiped after sending.
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
    /// `windows` must use a table made with windows::window_rules(). `upload_memory` is shared by all
    /// workers; `upload_hosts`: those beyond public names.
    api_client(outbound::client& client, outbound::origin api, tokens::token_service& tokens,
               windows::shared_windows& windows, limits::shared_bytes& upload_memory,
               const std::vector<std::string>& upload_hosts, telemetry::recorder& recorder)
        : client_(client),
          api_(std::move(api)),
          tokens_(tokens),
          windows_(windows),
          upload_memory_(upload_memory),
          upload_hosts_(upload_hosts),
          recorder_(recorder) {}

    /// Hears of all uploads from now on; null: nobody. Before the first call.
    void observe(upload_observer* observer) { observer_ = observer; }

    /// Prefetches the user's data for a call that has arrived. With many users it is not in the processor's
    /// cache, so it is loaded while the call is being checked.
    void prefetch(const user_id& user) const {
        tokens_.prefetch(user);
        windows_.prefetch(user.text());
    }
    /// The state of a user's window, as far as this replica knows.
    limits::quota_status known_window_of(const user_id& user, tiktok::endpoint which) const {
        return windows_.status(user.text(), static_cast<std::uint8_t>(which), steady_now());
    }

private:
    friend class account_check;
    friend class bound_api;
    friend class chunk_sender;

    outbound::client& client_;
    outbound::origin api_;
    tokens::token_service& tokens_;
    windows::shared_windows& windows_;
    limits::shared_bytes& upload_memory_;
    const std::vector<std::string>& upload_hosts_;
    telemetry::recorder& recorder_;
    upload_observer* observer_ = nullptr;
    object_pool<request_buffer> buffers_;
    retry_budget budget_;
};

} // namespace gateway::user_api
