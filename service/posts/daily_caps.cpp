// Also the publisher's questions of them.
#include "posts/daily_caps.hpp"

#include "posts/post_facts.hpp"
#include "posts/publisher.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gateway::posts {
namespace {

/// More posts of one day than any creator may have.
constexpr std::uint32_t looked_at = 200;
constexpr std::uint32_t active_looked_at = 20'000;
/// How long TikTok's word that a draft still waits is believed, and how many such words are kept.
constexpr milliseconds word_lifetime{60'000};
constexpr std::size_t words_max = 1'000;

std::optional<std::uint32_t> left(std::uint32_t cap, std::uint64_t used) {
    if (cap == 0) return std::nullopt;
    return used >= cap ? 0 : static_cast<std::uint32_t>(cap - used);
}

} // namespace

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
    return {left(caps.pending_shares, count(&is_pending_share)),
            left(caps.direct_posts, count(&is_direct_of_today)),
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

task<result<caps_left>> publisher::left_today(user_id user, wall_time now, deadline until) {
    const auto caps = caps_;
    const auto recent = co_await ledger_.recent_of_account(std::move(user), now - one_day, looked_at, until);
    if (!recent) co_return recent.error();
    auto out = left_of(caps, *recent, now);
    if (caps.active_users == 0) co_return out;
    const auto active = co_await ledger_.active_accounts(now - one_day, active_looked_at, until);
    if (!active) co_return active.error();
    out.active_users = left(caps.active_users, *active);
    co_return out;
}

/// Whether TikTok says, or has said a short time ago, that this draft waits in its creator's inbox.
task<bool> publisher::surely_waits(user_api::bound_api& tiktok, publish_id draft, wall_time now) {
    const auto told = drafts_that_wait_.find(draft.text());
    if (told != drafts_that_wait_.end() && steady_now() < told->second) co_return true;
    const auto at = co_await status(tiktok, draft, now);
    tiktok.record().publish_id.clear(); // it is another one
    if (!at || at->status != send_to_user_inbox) co_return false;
    if (drafts_that_wait_.size() >= words_max) drafts_that_wait_.clear();
    drafts_that_wait_[draft.text()] = steady_now() + word_lifetime;
    co_return true;
}

/// The ledger's count alone is not certain: a creator may have finished a draft that no webhook has told of.
/// So TikTok is asked for drafts that wait by the ledger, until as many as the cap surely do. What has left
/// the inbox is written down on the way, so it is not asked for again.
task<result<void>> publisher::check_pending_shares(user_api::bound_api& tiktok, wall_time now) {
    const auto cap = caps_.pending_shares;
    if (cap == 0 || cap > looked_at) co_return result<void>{};
    auto recent = co_await ledger_.recent_of_account(tiktok.user(), now - one_day, looked_at, tiktok.until());
    if (!recent) co_return result<void>{}; // what follows finds out that the store is away
    auto& pending = *recent;
    std::erase_if(pending, [now](const auto& post) {
        return !is_pending_share(post, now) || post.status != send_to_user_inbox;
    });
    if (pending.size() < cap) co_return result<void>{};
    std::vector<store::post_record> certain;
    for (std::size_t at = 0; at < pending.size() && certain.size() + pending.size() - at >= cap; ++at) {
        const bool waits = co_await surely_waits(tiktok, pending[at].id, now);
        if (waits) certain.push_back(std::move(pending[at]));
        if (certain.size() == cap) break;
    }
    if (certain.size() < cap) co_return result<void>{};
    tiktok.recorder().rate_limited(limit_scope::tiktok_daily,
                                   tiktok::row_of(tiktok::endpoint::inbox_init).name);
    co_return too_many_pending_shares(certain, cap, now);
}

} // namespace gateway::posts
