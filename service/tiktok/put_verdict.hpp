// What an answer to a chunk's PUT means (docs/tiktok-wire.md §5.2). Pure.
#pragma once
#include "tiktok/chunk_plan.hpp"

#include <cstdint>
#include <string_view>

namespace gateway::tiktok {

enum class after_put {
    done,        // TikTok has the chunk
    send_again,  // the same bytes once more, from what is held
    ask,         // only TikTok knows how far it got: status/fetch tells
    start_again, // the upload address is dead (403, 404): a new init, by the caller's decision
    refused      // a fault no repeat cures
};

struct put_answer {
    int status = 0;
    std::string_view content_range;
    bool all_sent = false; // else TikTok answered before the chunk had left
    bool is_page = false;  // the body is HTML or the like: somebody else may have answered in TikTok's place
};
/// TikTok's upload host sends no markup, proxies and firewalls do, with any status.
bool is_markup(std::string_view body);

after_put judge_put(const put_answer& answer, chunk piece, std::uint64_t size_bytes);

/// TikTok holds `count` bytes: where the chunk goes on.
struct resume_point {
    after_put what =
        after_put::refused;   // done, send_again (from `offset`), or refused: the count fits nowhere
    std::uint64_t offset = 0; // within the chunk
};
resume_point resume_at(std::uint64_t count, chunk piece);

} // namespace gateway::tiktok
