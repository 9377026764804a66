// A row of the ledger. Plain values.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/named_value.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway::store {

enum class post_state { begun, settled, outcome_unknown };
constexpr std::array<std::string_view, 3> names_of(post_state) {
    return {"begun", "settled", "outcome_unknown"};
}

/// One publish attempt. `begun` is durable before a request that can post is sent.
struct post_record {
    std::string attempt; // a ULID, the row's key, known before TikTok gives a publish_id
    user_id user;
    caller_name caller;
    publish_id id;      // empty until TikTok's answer
    std::string action; // slug
    std::string kind; // "inbox_file", "direct_file", "inbox_url", "direct_url", "inbox_photo", "direct_photo"
    post_state state = post_state::begun;
    std::string status;      // TikTok's last status: PROCESSING_UPLOAD, PUBLISH_COMPLETE, ...
    std::string fail_reason; // TikTok's
    std::string settings;    // JSON object of the call's post settings (caption, privacy_level, ...)
    std::string file;        // file_id of kept bytes, or empty
    publish_id draft;        // for a publish: the draft
    publish_id published_as; // for a draft: the post made from it
    std::string post_ids;    // JSON list: publicly available post ids (posts/public_ids.hpp)
    std::uint64_t size_bytes = 0;
    std::string sha256;          // hex, of the sent bytes
    std::string idempotency_key; // of the call, separate per caller; empty if there is none
    wall_time created_at;
    wall_time updated_at;
    wall_time ended_at;     // when its end was known, or given up as unconfirmed; zero: not yet
    wall_time next_look_at; // when TikTok is asked again without a call; zero: never (posts/follow_up.hpp)
};

/// A row that was read, shared by its readers; null if there is none.
using shared_post = std::shared_ptr<const post_record>;

} // namespace gateway::store
