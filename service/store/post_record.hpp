// A row of the ledger, as a plain value.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::store {

enum class post_state { begun, settled, outcome_unknown };
std::string_view name_of(post_state state);

/// One publish attempt. `begun` is durable before anything leaves that can post.
struct post_record {
    std::string attempt; // a ULID: the row's own name, known before TikTok gives a publish_id
    user_id user;
    caller_name caller;
    publish_id id;      // empty until TikTok's answer
    std::string action; // slug
    std::string kind; // "inbox_file", "direct_file", "inbox_url", "direct_url", "inbox_photo", "direct_photo"
    post_state state = post_state::begun;
    std::string status;      // TikTok's last word: PROCESSING_UPLOAD, PUBLISH_COMPLETE, ...
    std::string fail_reason; // TikTok's
    std::string settings;    // JSON object of the call's post settings (caption, privacy_level, ...)
    std::string file;        // file_id of kept bytes, or empty
    publish_id draft;        // of a publish: the draft it came from
    publish_id published_as; // of a draft: the post made from it
    std::string post_ids;    // JSON list: publicly available post ids (posts/public_ids.hpp)
    std::uint64_t size_bytes = 0;
    std::string sha256;          // hex, of what was sent
    std::string idempotency_key; // of the call, in its caller's name space; empty: none came
    wall_time created_at;
    wall_time updated_at;
};

/// A row as it was read, for all who asked; null: there is none.
using shared_post = std::shared_ptr<const post_record>;
inline shared_post shared(std::optional<post_record> row) {
    return row ? std::make_shared<const post_record>(std::move(*row)) : nullptr;
}

} // namespace gateway::store
