// The meaning of the answer to a chunk's PUT (docs/tiktok-wire.md §5.2). Pure.
#pragma once
#include "tiktok/chunk_plan.hpp"

#include <cstdint>
#include <string_view>

namespace gateway::tiktok {

enum class put_outcome {
    done,        // TikTok has the chunk
    send_again,  // send the same held bytes again
    ask,         // unknown: read how far it got with status/fetch
    start_again, // the upload URL is not valid any more (403, 404): the caller may start again with a new
                 // init
    refused      // a failure that would repeat
};

struct put_answer {
    int status = 0;
    std::string_view content_range;
    bool all_sent = false; // false: TikTok answered before all of the chunk was sent
    bool is_page = false;  // the body is HTML or similar: the answer may come from a proxy
};
/// Whether the body is markup, which proxies and firewalls send with any status, and TikTok's upload host
/// does not.
bool is_markup(std::string_view body);

put_outcome classify_put(const put_answer& answer, chunk piece, std::uint64_t size_bytes);

/// Where to continue the chunk if TikTok has `count` bytes.
struct resume_point {
    put_outcome what =
        put_outcome::refused; // done, send_again (from `offset`), or refused: the count is impossible
    std::uint64_t offset = 0; // within the chunk
};
resume_point resume_at(std::uint64_t count, chunk piece);

} // namespace gateway::tiktok
