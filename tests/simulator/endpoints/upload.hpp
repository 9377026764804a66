// PUT <upload_url>: one chunk of a video (docs/tiktok-wire.md §5.2, W15, W17). The bytes pass through; only
// their digest and the first few are kept. The wire hands them over piece by piece.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// A chunk on its way in. It counts when it is whole, not before.
struct chunk_in_flight {
    std::string publish_id;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t received = 0;
    bool repeated = false; // already stored, and taken again (W17)
    running_digest digest;
    std::string head;

    void take(std::string_view piece);
};

/// Either a refusal, or a chunk that may come.
struct upload_start {
    std::optional<answer> refusal;
    std::optional<chunk_in_flight> chunk;
};

/// What a body of another length than its headers say is answered with: 400, or a bare 502 as the switch
/// says.
answer refuse_length(const world& w);
/// `length`: Content-Length, nothing when there is none. Notes account and publish_id in the record.
upload_start begin_upload(call& c, std::optional<std::uint64_t> length);
/// All bytes of the chunk are here: 206, 201, or 416 when another request was faster.
answer finish_upload(world& w, const chunk_in_flight& chunk);
/// The connection broke in the chunk; kept or dropped as the switch `partial_chunk` says.
void abandon_upload(world& w, chunk_in_flight& chunk);

} // namespace gateway::simulator
