// Sends a video to TikTok's upload host, chunk after chunk. Pieces are read from a body_source and passed on
// at once; the current chunk is kept, so that it can be sent again. Memory for it is reserved before anything
// starts. One upload, one coroutine, the worker's thread.
#pragma once
#include "base/byte_budget.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"
#include "tiktok/chunk_plan.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::outbound {
class client;
}
namespace gateway::telemetry {
class recorder;
}

namespace gateway::user_api {

class bound_api;

struct sent_video {
    int last_status = 0; // of the last chunk; 201 also if its answer was lost and TikTok has all bytes
    std::string sha256;  // hex, of all bytes
};

/// An upload before its first PUT: the plan, the memory for its largest chunk, the container format.
class chunk_sender {
public:
    const tiktok::chunk_plan& plan() const { return plan_; }
    std::string_view content_type() const { return content_type_; } // of the detected container

    /// Sends everything. After a lost answer the status of `id` is read. A source that is too short or too
    /// long is detected before the last chunk is sent. Failures: those of the source (the upload is given
    /// up), tiktok_error, tiktok_unreachable, deadline_exceeded.
    task<result<sent_video>> send(bound_api& tiktok, publish_id id, std::string upload_url);

    chunk_sender(chunk_sender&&) noexcept;
    chunk_sender& operator=(chunk_sender&&) = delete;
    ~chunk_sender();

private:
    friend class uploader;
    struct state;
    chunk_sender(tiktok::chunk_plan plan, std::unique_ptr<state> made);

    tiktok::chunk_plan plan_;
    std::string_view content_type_;
    std::unique_ptr<state> state_;
};

/// Begins uploads. One per worker, used from its thread.
class uploader {
public:
    /// `memory` is shared by all workers. `allowed_hosts`: upload hosts beyond public names.
    uploader(outbound::client& client, byte_budget& memory, const std::vector<std::string>& allowed_hosts,
             telemetry::recorder& recorder)
        : client_(client), memory_(memory), allowed_hosts_(allowed_hosts), recorder_(recorder) {}

    /// overloaded if `uploads.memory_bytes` is used up, invalid_input if the first bytes are not a video
    /// format that TikTok accepts, and the failures of the source.
    task<result<chunk_sender>> prepare(body_source& from, tiktok::chunk_plan plan, deadline until);

private:
    friend class chunk_sender;

    outbound::client& client_;
    byte_budget& memory_;
    const std::vector<std::string>& allowed_hosts_;
    telemetry::recorder& recorder_;
};

} // namespace gateway::user_api
