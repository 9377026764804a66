#include "posts/publisher.hpp"

#include "posts/ledger.hpp"
#include "store/store.hpp"

#include <utility>

namespace gateway::posts {

publisher::publisher(store::store& store, files::shelf& files, const settings::all& settings)
    : store_(store), files_(files), settings_(settings) {}

task<result<tiktok::document>> publisher::cancel(user_api::bound_api& tiktok, publish_id id, wall_time) {
    co_return co_await tiktok.cancel(id);
}

task<result<store::page_of<store::post_record>>> publisher::list(user_id user, std::string cursor,
                                                                 std::uint32_t limit, deadline until) {
    return store_.list_posts(std::move(user), std::move(cursor), limit, until);
}

} // namespace gateway::posts
