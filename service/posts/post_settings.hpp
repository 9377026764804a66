// The settings of a post: stored with a draft, merged with those of a later publish, checked before TikTok is
// called. Pure.
#pragma once
#include "base/result.hpp"
#include "tiktok/types.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gateway::store {
struct post_record;
}

namespace gateway::posts {

/// A JSON object with the values that were set.
std::string write_settings(const tiktok::post_info& info);
/// Unreadable values count as not set.
tiktok::post_info read_settings(std::string_view json);

/// Replaces the settings that `given` names: the checked inputs of a call, or an object of write_settings().
void apply_settings(tiktok::post_info& info, const boost::json::object& given);

/// An absent privacy level becomes the default; the audience is never widened. invalid_input for private
/// branded content: TikTok's guidelines forbid it, and its API's behaviour is not documented (W12).
result<tiktok::post_info> complete_direct(tiktok::post_info info, const std::string& default_privacy_level);

/// Of a direct post; empty for others, whose level the creator chooses.
std::string privacy_level_of(const store::post_record& post);
/// The same for an answer, with a warning if nobody has asked for that level: a post that only its creator
/// sees is easily taken for one that failed. Made from the row, so a recovered answer has the same words.
void tell_privacy(const store::post_record& post, std::string& level, std::vector<std::string>& warnings);

/// privacy_level_not_allowed, with the levels that the creator has.
result<void> check_offered(const tiktok::creator& creator, const std::string& privacy_level);

} // namespace gateway::posts
