#include "posts/publisher.hpp"

#include "posts/attempt_writer.hpp"
#include "posts/post_settings.hpp"
#include "store/ledger.hpp"

#include <utility>

namespace gateway::posts {

publisher::publisher(store::ledger& ledger, files::staged_file_store& files,
                     std::string default_privacy_level, std::uint32_t keep_hours)
    : ledger_(ledger),
      files_(files),
      default_privacy_level_(std::move(default_privacy_level)),
      keep_hours_(keep_hours) {}

result<void> publisher::check_direct(const tiktok::post_info& info) const {
    const auto complete = complete_direct(info, default_privacy_level_);
    if (!complete) return complete.error();
    return {};
}

task<result<tiktok::document>> publisher::cancel(user_api::bound_api& tiktok, publish_id id, wall_time) {
    co_return co_await tiktok.cancel(id);
}

task<result<store::page_of<store::post_record>>> publisher::list(user_id user, std::string cursor,
                                                                 std::uint32_t limit, deadline until) {
    return ledger_.list(std::move(user), std::move(cursor), limit, until);
}

} // namespace gateway::posts
