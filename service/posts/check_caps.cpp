// publisher::left_today, prepare_drafts and check_pending_shares: TikTok's daily caps before a post is made.
// What a cap leaves is counted from the ledger (daily_caps.hpp); a post is refused only by what TikTok itself
// tells.
#include "posts/ask_status.hpp"
#include "posts/daily_caps.hpp"
#include "posts/post_facts.hpp"
#include "posts/publisher.hpp"
#include "posts/status_book.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace gateway::posts {
namespace {

/// More posts of one day than any creator may have.
constexpr std::uint32_t looked_at = 200;
constexpr std::uint32_t active_looked_at = 20'000;
/// A batch runs for longer than TikTok's word that a draft waits can be believed.
constexpr milliseconds word_lifetime{60'000};
constexpr std::size_t words_max = 1'000;

} // namespace

task<result<caps_left>> publisher::left_today(user_id user, wall_time now, deadline until) {
    const auto caps = caps_;
    const auto recent = co_await ledger_.recent_of_account(std::move(user), now - one_day, looked_at, until);
    if (!recent) co_return recent.error();
    auto out = left_of(caps, *recent, now);
    if (caps.active_users == 0) co_return out;
    const auto active = co_await ledger_.active_accounts(now - one_day, active_looked_at, until);
    if (!active) co_return active.error();
    out.active_users = left_of_cap(caps.active_users, *active);
    co_return out;
}

/// Whether TikTok has said since this call came that the draft waits in its creator's inbox: what it said
/// before may be over, and the files of a batch need one question for all of them. Without a slot in the
/// user's window nobody knows, and nobody waits for one.
task<bool> publisher::surely_waits(user_api::bound_api& tiktok, const store::post_record& draft,
                                   wall_time now) {
    const auto asked_at = steady_now();
    const auto told = drafts_that_wait_.find(draft.id.text());
    if (told != drafts_that_wait_.end() && told->second >= tiktok.record().began
        && asked_at < told->second + word_lifetime)
        co_return true;
    const auto window = co_await tiktok.window_of(tiktok::endpoint::status_fetch);
    if (!window || (window->limit > 0 && window->remaining == 0)) co_return false;
    const auto known = std::make_shared<const store::post_record>(draft);
    const auto at = co_await ask_status(tiktok, book_, known, draft.id, learned_by::call, now);
    if (!at || at->status != send_to_user_inbox) co_return false;
    if (drafts_that_wait_.size() >= words_max) drafts_that_wait_.clear();
    drafts_that_wait_[draft.id.text()] = asked_at;
    co_return true;
}

/// The ledger's count alone is not certain: a creator may have finished a draft that no webhook has told of.
/// So TikTok is asked for as many of the newest as the cap has, up to the first that does not surely wait.
/// What has left the inbox is written down on the way, so it is not asked for again. Empty: not so many.
task<std::vector<store::post_record>> publisher::drafts_that_fill(user_api::bound_api& tiktok,
                                                                  std::uint32_t cap, wall_time now) {
    std::vector<store::post_record> none;
    if (cap == 0 || cap > looked_at) co_return none;
    auto recent = co_await ledger_.recent_of_account(tiktok.user(), now - one_day, looked_at, tiktok.until());
    if (!recent) co_return none; // what follows finds out that the store is away
    auto& pending = *recent;
    std::erase_if(pending, [now](const auto& post) {
        return !is_pending_share(post, now) || post.status != send_to_user_inbox;
    });
    if (pending.size() < cap) co_return none;
    pending.resize(cap);
    for (const auto& draft : pending) {
        const bool waits = co_await surely_waits(tiktok, draft, now);
        if (!waits) co_return none;
    }
    co_return std::move(pending);
}

task<void> publisher::prepare_drafts(user_api::bound_api& tiktok, wall_time now) {
    (void)co_await drafts_that_fill(tiktok, caps_.pending_shares, now);
}

task<result<void>> publisher::check_pending_shares(user_api::bound_api& tiktok, wall_time now) {
    const auto cap = caps_.pending_shares;
    const auto pending = co_await drafts_that_fill(tiktok, cap, now);
    if (pending.empty()) co_return result<void>{};
    tiktok.recorder().rate_limited(limit_scope::tiktok_daily,
                                   tiktok::row_of(tiktok::endpoint::inbox_init).name);
    co_return too_many_pending_shares(pending, cap, now);
}

} // namespace gateway::posts
