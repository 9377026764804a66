#include "posts/daily_wait.hpp"

#include "posts/post_facts.hpp"
#include "store/ledger.hpp"

#include <algorithm>
#include <utility>

namespace gateway::posts {
namespace {

constexpr milliseconds day{86'400'000};
constexpr milliseconds hour{3'600'000};
constexpr std::uint32_t looked_at = 100;

} // namespace

milliseconds wait_for_daily_cap(const std::vector<store::post_record>& recent, bool direct, wall_time now) {
    wall_time oldest = now + day;
    for (const store::post_record& post : recent) {
        const bool counts = !post.id.empty() && is_direct(&post, post.id) == direct && post.status != failed;
        if (counts && post.created_at > now - day) oldest = std::min(oldest, post.created_at);
    }
    return oldest > now ? hour : oldest + day - now;
}

task<failure> with_daily_wait(store::ledger& rows, user_id user, failure f, bool direct, wall_time now,
                              deadline until) {
    const bool daily =
        f.code() == errc::rate_limited && f.details() && f.details()->scope == limit_scope::tiktok_daily;
    if (!daily) co_return f;
    auto recent = co_await rows.list(std::move(user), {}, looked_at, until);
    if (!recent) co_return f; // keeps the default wait of an hour
    co_return std::move(f).retry_after(wait_for_daily_cap(recent->rows, direct, now));
}

} // namespace gateway::posts
