// TikTok's caps of a day come without a time; the ledger knows when the oldest post of the last 24 hours
// leaves the window (docs/contract.md §4).
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/records.hpp"

#include <vector>

namespace gateway::store {
class store;
}

namespace gateway::posts {

/// Until the oldest of `recent` that counts leaves the 24 hours; an hour where none counts. Pure.
milliseconds wait_for_daily_cap(const std::vector<store::post_record>& recent, bool direct, wall_time now);

/// Puts the ledger's wait into a rate_limited of scope tiktok_daily; gives back any other failure as it is.
task<failure> with_daily_wait(store::store& store, user_id user, failure f, bool direct, wall_time now,
                              deadline until);

} // namespace gateway::posts
