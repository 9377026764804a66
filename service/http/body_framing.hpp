// Finds the end of a body. From the framing that the gate read in the head it says which bytes of each buffer
// are body and when the body is complete, and it refuses a body that is too long. Used for requests and
// answers; pure, owned by one message.
#pragma once
#include "base/result.hpp"
#include "http/chunk_decoder.hpp"
#include "http/message_head.hpp"
#include "http/peer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gateway::http {

class body_framing {
public:
    body_framing() : body_framing(body_frame{}, 0) {}
    /// `max_bytes` bounds the decoded body; a length announced above it is refused by announced() before any
    /// read.
    body_framing(body_frame frame, std::uint64_t max_bytes, peer from = peer::caller);

    /// too_large when the announced length is over the bound (C13); for a caller that checks before it reads.
    result<void> announced() const { return bounded(frame_.length_bytes); }

    /// The next piece of `bytes`: `used` of them are consumed, `data` (maybe empty) is body and lies within
    /// `bytes`. Call again with the rest until the body is complete or nothing is left; consumes nothing once
    /// complete. Errors: malformed_request, too_large; from TikTok tiktok_error.
    result<body_piece> next(std::string_view bytes);

    /// Moves all body bytes of `bytes` to its front. Same errors.
    result<moved_piece> compact(std::span<char> bytes);

    bool complete() const { return complete_; }
    std::uint64_t received_bytes() const { return received_; }
    const body_frame& frame() const { return frame_; }

private:
    result<void> bounded(std::uint64_t bytes) const;

    body_frame frame_;
    std::uint64_t max_bytes_;
    peer from_;
    std::uint64_t received_ = 0;
    bool complete_;
    chunk_decoder chunks_;
};

} // namespace gateway::http
