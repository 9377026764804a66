// PUT <upload_url>: one chunk of a video (docs/tiktok-wire.md §5.2, W15, W17). The bytes are not kept, only
// their digest and the first few. wire/ passes them on piece by piece.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// A chunk that is being received. It counts only when it is complete.
struct chunk_in_flight {
    std::string publish_id;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t received = 0;
    bool repeated = false; // already stored, and accepted again (W17)
    running_digest digest;
    std::string head;

    void take(std::string_view piece);
};

/// Either a refusal or the chunk to receive.
struct upload_start {
    std::optional<answer> refusal;
    std::optional<chunk_in_flight> chunk;
};

/// The answer to a body whose length differs from its headers: 400, or a bare 502 as the switch says.
answer refuse_length(const world& w);
/// `length`: Content-Length, nothing when there is none. Notes account and publish_id in the record.
upload_start begin_upload(call& c, std::optional<std::uint64_t> length);
/// Call when all bytes of the chunk have arrived: 206, 201, or 416 if another request was faster.
answer finish_upload(world& w, const chunk_in_flight& chunk);
/// Call when the connection broke inside the chunk; it is kept or dropped as the switch `partial_chunk` says.
void abandon_upload(world& w, chunk_in_flight& chunk);

} // namespace gateway::simulator
