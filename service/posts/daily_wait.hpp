// TikTok's refusals by a daily cap contain no time; the ledger shows when the oldest post of the last 24
// hours leaves the window (docs/contract.md §4).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <vector>

namespace gateway::store {
class ledger;
}

namespace gateway::posts {

/// The time until the oldest counting post of `recent` is 24 hours old; an hour if none counts. Pure.
milliseconds wait_for_daily_cap(const std::vector<store::post_record>& recent, bool direct, wall_time now);

/// Adds the ledger's wait to a rate_limited of scope tiktok_daily; returns any other failure unchanged.
task<failure> with_daily_wait(store::ledger& rows, user_id user, failure f, bool direct, wall_time now,
                              deadline until);

} // namespace gateway::posts
