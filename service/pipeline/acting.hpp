// The acting user: as whom a call acts at TikTok (the user of the path, or the one `creator_id` names), and
// whether that user granted what the call needs. Asked of store and vault, never of TikTok. Functions without
// state, on the worker's thread.
#pragma once
#include "api/call.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::pipeline {

/// The user of the path, or whoever `creator_id` names, if this caller may use them (docs/contract.md §5).
/// creator_not_authorized: TikTok has no way to list anybody else's videos, and we never answer with other
/// videos than asked for. user_not_connected.
task<result<user_id>> acting_user(connections::desk& desk, const settings::caller& by, user_id user,
                                  std::string creator_id, deadline until);

/// missing_scope naming what is missing; `scopes` are alternatives separated by |.
result<void> granted_any(std::string_view scopes, std::span<const std::string> granted);

} // namespace gateway::pipeline
