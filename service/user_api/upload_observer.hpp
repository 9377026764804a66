// Hears how many bytes of a video TikTok's upload host was sent. Called on the worker of the upload, for each
// piece; must be quick and never wait.
#pragma once
#include "base/ids.hpp"

#include <cstdint>

namespace gateway::user_api {

class upload_observer {
public:
    virtual ~upload_observer() = default;
    virtual void bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) = 0;
    /// TikTok has taken a chunk that ends there.
    virtual void chunk_taken(const publish_id& /*post*/, std::uint64_t /*sent*/, std::uint64_t /*size*/) {}
};

} // namespace gateway::user_api
