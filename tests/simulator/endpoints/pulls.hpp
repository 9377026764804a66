// Posts whose bytes TikTok pulls (docs/tiktok-wire.md §5.4). wire/ downloads; this decides about the post.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// Notes more bytes, or none; false if the pull has ended (cancelled, timed out).
bool note_pulled_bytes(world& w, const std::string& publish_id, std::int64_t more);
/// Notes that one URL is downloaded. `head`: its first bytes; `item` has a picture's size if it is known. One
/// bad item makes the whole post fail.
void note_pulled(world& w, const std::string& publish_id, pulled_record item, const std::string& head);
/// Notes that a download failed.
void note_pull_failed(world& w, const std::string& publish_id);

} // namespace gateway::simulator
