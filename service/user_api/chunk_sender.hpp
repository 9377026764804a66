// Sends a video to TikTok's upload host, chunk after chunk. Pieces are read from a body_source and passed on
// at once; the current chunk is kept, so that it can be sent again. Memory for it is claimed before anything
// starts (limits/shared_bytes.hpp). One upload, one coroutine, the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/shared_bytes.hpp"
#include "runtime/shared_memory.hpp"
#include "runtime/task.hpp"
#include "tiktok/chunk_plan.hpp"
#include "tiktok/put_verdict.hpp"
#include "tiktok/upload_target.hpp"
#include "user_api/held_chunk.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::user_api {

class api_client;
class bound_api;
class upload_observer;

struct sent_video {
    int last_status = 0; // of the last chunk; 201 also if its answer was lost and TikTok has all bytes
    std::string sha256;  // hex, of all bytes
};

class chunk_sender {
public:
    /// An upload before its first PUT. overloaded if `uploads.memory_bytes`, or the caller's share of it, is
    /// used up, invalid_input if the first bytes are not a video format that TikTok accepts, and the failures
    /// of the source. All that is given by reference outlives it.
    static task<result<std::unique_ptr<chunk_sender>>> prepare(api_client& shared, bound_api& tiktok,
                                                               body_source& from, tiktok::chunk_plan plan);
    /// For prepare().
    chunk_sender(api_client& shared, bound_api& tiktok, body_source& from, const tiktok::chunk_plan& plan,
                 limits::shared_bytes::permit memory);

    /// Hears of this upload, beside who hears of all (api_client); null: nobody.
    void observe(upload_observer* observer) { observer_ = observer; }
    std::string_view content_type() const { return content_type_; } // of the detected container

    /// Sends everything. After a lost answer the status of `id` is read. A source that is too short or too
    /// long is detected before the last chunk is sent. Failures: those of the source (the upload is given
    /// up), tiktok_error, tiktok_unreachable, deadline_exceeded.
    task<result<sent_video>> send(publish_id id, std::string upload_url);

private:
    struct put_end;

    bool is_last(tiktok::chunk piece) const { return piece.last + 1 == plan_.size_bytes; }
    task<put_end> put(tiktok::chunk piece, std::uint64_t offset);
    task<std::optional<failure>> pass_on(outbound::exchange& to, tiktok::chunk piece, std::uint64_t offset,
                                         put_end& end);
    task<result<void>> read_piece(tiktok::chunk piece);
    task<result<std::string_view>> next_piece(tiktok::chunk piece, std::uint64_t offset);
    task<result<tiktok::resume_point>> ask(tiktok::chunk piece, std::uint64_t offset);
    task<result<int>> send_chunk(tiktok::chunk piece);
    bool is_possible(const tiktok::resume_point& at) const;
    void count(const put_end& end, milliseconds took);
    task<result<int>> try_chunk(tiktok::chunk piece);
    failure gave_up(tiktok::chunk piece, const put_end& end) const;
    failure broke_off(tiktok::chunk piece, std::string why) const;

    api_client& shared_;
    bound_api& tiktok_;
    limits::shared_bytes::permit memory_;
    giving_way gives_way_;
    tiktok::chunk_plan plan_;
    held_chunk held_;
    tiktok::upload_target target_;
    std::string_view content_type_;
    upload_observer* observer_ = nullptr;
    publish_id id_;
    bool end_seen_ = false;   // of the source
    bool whole_sent_ = false; // a PUT has sent the video's last byte, so TikTok may have all of it
};

} // namespace gateway::user_api
