#include "posts/daily_caps.hpp"

#include "posts/post_facts.hpp"

#include <algorithm>
#include <string>

namespace gateway::posts {

std::optional<std::uint32_t> left_of_cap(std::uint32_t cap, std::uint64_t used) {
    if (cap == 0) return std::nullopt;
    return used >= cap ? 0 : static_cast<std::uint32_t>(cap - used);
}

bool is_pending_share(const store::post_record& post, wall_time now) {
    return !post.id.empty() && !is_direct(&post, post.id) && !is_end(post.status)
           && post.created_at > now - one_day;
}

bool is_direct_of_today(const store::post_record& post, wall_time now) {
    return !post.id.empty() && is_direct(&post, post.id) && post.status != failed
           && post.created_at > now - one_day;
}

caps_left left_of(const settings::daily_caps& caps, const std::vector<store::post_record>& recent,
                  wall_time now) {
    const auto count = [&](bool (*counts)(const store::post_record&, wall_time)) {
        return static_cast<std::uint64_t>(
            std::count_if(recent.begin(), recent.end(), [&](const auto& post) { return counts(post, now); }));
    };
    return {left_of_cap(caps.pending_shares, count(&is_pending_share)),
            left_of_cap(caps.direct_posts, count(&is_direct_of_today)),
            {}};
}

failure too_many_pending_shares(const std::vector<store::post_record>& pending, std::uint32_t cap,
                                wall_time now) {
    const milliseconds wait = pending.at(cap - 1).created_at + one_day - now;
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(wait).count();
    return failure(errc::rate_limited,
                   "TikTok takes " + std::to_string(cap)
                       + " drafts of one creator in 24 hours, and as many wait in this creator's inbox. There is "
                         "room for one more when the creator has posted one in the TikTok app, or in "
                       + std::to_string(minutes) + (minutes == 1 ? " minute." : " minutes."))
        .scope(limit_scope::tiktok_daily)
        .retry_after(wait);
}

} // namespace gateway::posts
