// Follows posts that are not at their end: asks TikTok for their status in the background, without a call,
// until they have one (docs/contract.md §5). Which are due is in the ledger, so nothing is kept here for
// them, a restart forgets none, and each is looked at by one replica. Owned by the service, on the home
// worker.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace gateway {
class worker;
}
namespace gateway::user_api {
class api_client;
class bound_api;
} // namespace gateway::user_api

namespace gateway::posts {

class post_watch;
class status_book;

class follower {
public:
    /// `looks_per_second`: of this replica; 0: it follows none. `tiktok` is of the home worker. All outlive
    /// it.
    follower(worker& home, status_book& book, const post_watch& watch, user_api::api_client& tiktok,
             std::uint32_t looks_per_second);

    /// Begins a look at each post that is due, as far as the rate and the looks under way allow; gives how
    /// many. vault_unavailable, deadline_exceeded: they are due later.
    task<result<std::size_t>> begin_looks(deadline until);

    /// Looks under way at once, while TikTok is slow.
    static constexpr std::size_t looks_max = 32;

private:
    task<void> look_at(store::post_record known);
    task<bool> ask(const store::post_record& known);
    bool leaves_enough(const user_api::bound_api& tiktok) const;
    std::size_t may_begin(steady_time now);

    worker& home_;
    status_book& book_;
    const post_watch& watch_;
    user_api::api_client& tiktok_;
    const std::uint32_t per_second_;
    steady_time counted_until_; // the rate's slots before it are used or gone
    std::size_t under_way_ = 0;
    std::map<user_id, std::uint32_t> under_way_of_; // each user's; no more entries than looks_max
};

} // namespace gateway::posts
