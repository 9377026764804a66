// Shared by all posting actions: the inputs that describe a post, their conversion to TikTok's post_info, and
// parts of answers. Pure.
#pragma once
#include "actions/rows.hpp"
#include "base/result.hpp"
#include "posts/publisher.hpp"
#include "tiktok/types.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::actions {

inline constexpr std::string_view privacy_levels =
    "PUBLIC_TO_EVERYONE|MUTUAL_FOLLOW_FRIENDS|FOLLOWER_OF_CREATOR|SELF_ONLY";

/// Lengths in UTF-16 units: docs/tiktok-wire.md §4.2, §4.4.
inline constexpr input caption_input{.name = "caption", .type = kind::text, .max = 2200, .multiline = true};
inline constexpr input privacy_input{
    .name = "privacy_level", .type = kind::choice, .choices = privacy_levels};
inline constexpr input cover_time_input{
    .name = "video_cover_timestamp_ms", .type = kind::integer, .max = 2'147'483'647};
constexpr input switch_input(std::string_view name, std::string_view fallback = "false") {
    return {.name = name, .type = kind::boolean, .fallback = fallback};
}

/// Without a default, so that it is no part of a call that does not give it.
inline constexpr input dry_run_input = switch_input("dry_run", {});

/// The inputs of an upload beside its bytes, for one video and for a batch.
inline constexpr std::array upload_inputs{
    caption_input,
    switch_input("publish"),
    input{.name = "chunk_size_bytes", .type = kind::integer, .min = 1, .max = 4'294'967'296},
    switch_input("keep", "true"),
    privacy_input,
    switch_input("disable_comment"),
    switch_input("disable_duet"),
    switch_input("disable_stitch"),
    cover_time_input,
    switch_input("brand_content_toggle"),
    switch_input("brand_organic_toggle"),
    switch_input("is_aigc", {}),
};

/// The row's own inputs, then those of every upload.
template <std::size_t count>
constexpr auto with_upload_inputs(const input (&own)[count]) {
    std::array<input, count + upload_inputs.size()> all{};
    std::copy(std::begin(own), std::end(own), all.begin());
    std::copy(upload_inputs.begin(), upload_inputs.end(), all.begin() + count);
    return all;
}

/// The request of these inputs; the caller sets the source of the bytes.
posts::upload_request upload_request_of(const checked_input& given);

/// The settings among the inputs; posts/post_settings.cpp lists them.
tiktok::post_info post_info_of(const checked_input& given);
posts::post_origin post_origin_of(const call& c);

/// Branded content must not be private (docs/tiktok-wire.md §4.2, W12); refused without asking TikTok.
void check_branded_content(const given_inputs& all, std::vector<field_fault>& faults);

/// The scope that an upload needs: with `publish` it is posted at once, otherwise sent to the creator's
/// inbox.
inline constexpr api::scope_rule upload_scope{"video.upload", "publish", "true", "video.publish"};

/// {"publish_id","status",…}, as docs/contract.md §4 has it; also one `results[]` of a batch holds its
/// publish_id.
std::string to_json(const posts::upload_answer& shown);
std::string to_json(const posts::post_answer& shown, bool with_draft);

} // namespace gateway::actions
