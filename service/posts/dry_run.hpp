// Dry runs: what a post would meet, without an init (docs/contract.md §5). Pure.
#pragma once
#include "base/result.hpp"

namespace gateway::posts {

/// Whether the failure would be that of the post, too: a fault of its inputs, a refusal of TikTok's side, of
/// the connection or of the key. Others are failures of the dry run itself (the store is away, the time is
/// over), and tell nothing of the post.
bool is_reason(const failure& why);

} // namespace gateway::posts
