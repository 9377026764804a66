#include "posts/status_book.hpp"

#include "posts/follow_up.hpp"
#include "posts/post_facts.hpp"

#include <utility>

namespace gateway::posts {

task<result<store::update_result>> status_book::write(store::status_update told, learned_by how,
                                                      deadline until) {
    const bool settles = (told.unconfirmed && told.seen_ended_at == wall_time{})
                         || (told.status != told.seen_status && is_awaited(state_of(told.status)));
    auto written = co_await ledger_.apply_status(std::move(told), until);
    if (settles && written && *written == store::update_result::applied)
        settled_[static_cast<std::size_t>(how)].fetch_add(1, std::memory_order_relaxed);
    co_return written;
}

} // namespace gateway::posts
