// Which TikTok field needs which scope (docs/tiktok-wire.md §3), and which requested fields the granted
// scopes allow. Pure.
#pragma once
#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

/// The three user routes; they differ in their defaults only (docs/tiktok-wire.md §9.1).
enum class user_view { basic_info, profile, stats };

/// Comma lists, for the rows' `choices` and the contract test.
std::string_view all_user_fields();
std::string_view all_video_fields();
std::string_view default_fields(user_view view);
std::string_view default_video_fields();

/// Empty if there is no such user field.
std::string_view scope_of_user_field(std::string_view field);
bool is_video_field(std::string_view field);

/// The view's defaults if all of them are granted, which is the usual case; empty otherwise.
std::string_view usual_fields(user_view view, std::span<const std::string> granted);
/// The comma list for `?fields=`. Without a request the view's defaults, cut to the granted scopes. Fails
/// with invalid_input (fields: each unknown one) and with missing_scope (fields: each requested one whose
/// scope was not granted; for defaults only if none remains).
result<std::string> user_fields(user_view view, const std::vector<std::string>& asked,
                                std::span<const std::string> granted);
/// The same for videos; all need `video.list`.
result<std::string> video_fields(const std::vector<std::string>& asked, std::span<const std::string> granted);

} // namespace gateway::tiktok
