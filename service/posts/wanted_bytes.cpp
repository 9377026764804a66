#include "posts/wanted_bytes.hpp"

#include <cstddef>

namespace gateway::posts {
namespace {

constexpr seconds wanted_for{30};
constexpr milliseconds between_announcements{500};
constexpr std::size_t posts_max = 1'000;

} // namespace

void wanted_bytes::forget_past(steady_time now) {
    std::erase_if(posts_, [now](const auto& each) { return each.second.until < now; });
    any_.store(!posts_.empty(), std::memory_order_relaxed);
}

void wanted_bytes::want(const publish_id& post, steady_time now) {
    const std::lock_guard lock(mutex_);
    forget_past(now);
    if (posts_.size() >= posts_max && !posts_.contains(post.text())) return;
    posts_[post.text()].until = now + wanted_for;
    any_.store(true, std::memory_order_relaxed);
}

bool wanted_bytes::may_tell(const publish_id& post, bool is_last, steady_time now) {
    if (!any_.load(std::memory_order_relaxed)) return false;
    const std::lock_guard lock(mutex_);
    forget_past(now);
    const auto found = posts_.find(post.text());
    if (found == posts_.end()) return false;
    if (!is_last && now - found->second.told_at < between_announcements) return false;
    found->second.told_at = now;
    return true;
}

} // namespace gateway::posts
