// What becomes of a post whose bytes TikTok pulls (docs/tiktok-wire.md §5.4). The wire downloads; this
// decides.
#pragma once
#include "endpoints/call.hpp"

namespace gateway::simulator {

/// More bytes came, or none yet; false: nobody wants them any more (cancelled, timed out).
bool note_pulled_bytes(world& w, const std::string& publish_id, std::int64_t more);
/// One URL is here whole. `head`: its first bytes; `item` has what a picture's head tells of its pixels. One
/// bad item fails the whole post.
void note_pulled(world& w, const std::string& publish_id, pulled_record item, const std::string& head);
/// It could not be had.
void note_pull_failed(world& w, const std::string& publish_id);

} // namespace gateway::simulator
