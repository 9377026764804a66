// Follows posts that are not at their end: asks TikTok for their status in the background, without a call,
// until they have one (docs/contract.md §5). Which are due is in the ledger, so nothing is kept here for
// them, a restart forgets none, and each is looked at by one replica. Owned by the service, on the home
// worker.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "posts/follow_up.hpp"
#include "runtime/task.hpp"
#include "store/post_record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace gateway {
class worker;
}
namespace gateway::user_api {
class api_client;
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

private:
    struct under_way;
    enum class room { enough, reserved, none }; // in a user's window
    task<void> look_at(store::post_record known, std::shared_ptr<under_way> counts);
    task<void> put_off(store::post_record known);
    task<std::optional<look_outcome>> ask(const store::post_record& known, room found);
    task<void> conclude(store::post_record known, look_outcome outcome);
    room room_for(const user_id& user);
    std::size_t may_begin(steady_time now);
    std::chrono::nanoseconds each() const { return std::chrono::nanoseconds{seconds{1}} / per_second_; }

    worker& home_;
    status_book& book_;
    const post_watch& watch_;
    user_api::api_client& tiktok_;
    const std::uint32_t per_second_;
    steady_time counted_until_;                  // the rate's slots before it are used or gone
    std::map<user_id, steady_time> looked_at_;   // each user's newest look, of the last minutes
    const std::shared_ptr<under_way> under_way_; // shared with looks, which the loop may destroy after this
};

} // namespace gateway::posts
