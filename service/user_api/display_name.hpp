// The name of a user's TikTok account, for people. On the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "runtime/task.hpp"

#include <string>
#include <string_view>

namespace gateway::user_api {

class api_client;

/// In the `data` of TikTok's answer to user/info: UTF-8 without control characters, at most 100 characters;
/// empty if there is none.
std::string display_name_in(std::string_view data);

/// Asks TikTok; empty if the user did not grant user.info.basic, or TikTok did not say it in time.
task<std::string> display_name(api_client& shared, user_id user, deadline until);

} // namespace gateway::user_api
