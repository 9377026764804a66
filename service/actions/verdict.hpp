// The answer of a dry run, and what is left of TikTok's daily caps (docs/contract.md §5, §12). Pure.
#pragma once
#include "actions/rows.hpp"
#include "posts/publisher.hpp"

#include <boost/json/object.hpp>

namespace gateway::actions {

/// {"pending_shares_left","direct_posts_left_today","active_users_left"}; null: that cap is not known.
boost::json::object to_json(const posts::caps_left& left);

/// `c` is a dry run.
posts::dry_call dry_call_of(const call& c);
/// {"verdict":{"would_post","reasons","limits","key","post"}}.
answer verdict_answer(const call& c, const posts::verdict& of);

} // namespace gateway::actions
