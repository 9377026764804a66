// The settings of a post: kept with a draft, merged with those of a later publish, checked before anything is
// asked of TikTok. Pure.
#pragma once
#include "base/result.hpp"
#include "posts/publisher.hpp"
#include "tiktok/types.hpp"

#include <string>
#include <string_view>

namespace gateway::posts {

/// A JSON object; only what was set.
std::string write_settings(const tiktok::post_info& info);
/// What cannot be read counts as not set.
tiktok::post_info read_settings(std::string_view json);

/// What this publish says, else what the upload said.
tiktok::post_info merged(tiktok::post_info of_upload, const publish_request& now);

/// An absent privacy level becomes the default; we never widen an audience. invalid_input for branded content
/// that nobody else may see: TikTok's guidelines forbid it, what its API does is not said (W12).
result<tiktok::post_info> complete_direct(tiktok::post_info info, const std::string& default_privacy_level);

/// privacy_level_not_allowed, naming what the creator has.
result<void> check_offered(const tiktok::creator& creator, const std::string& privacy_level);

} // namespace gateway::posts
