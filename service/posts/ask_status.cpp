#include "posts/ask_status.hpp"

#include "posts/follow_up.hpp"
#include "posts/post_facts.hpp"
#include "posts/public_ids.hpp"
#include "posts/status_book.hpp"
#include "posts/status_news.hpp"
#include "user_api/bound_api.hpp"

#include <utility>

namespace gateway::posts {
namespace {

/// TikTok has left it open for a day (docs/promises.md M10).
bool is_late(const store::shared_post& known, std::string_view state, wall_time now) {
    return known && !is_awaited(state) && known->created_at + unconfirmed_after <= now;
}

} // namespace

status_answer answer_of_ledger(const store::post_record& known) {
    status_answer out;
    out.status = std::string_view(known.status);
    out.state = state_of(known);
    out.is_final = is_awaited(out.state) || is_given_up(known);
    out.fail_reason = known.fail_reason;
    out.post_ids = public_ids(known.post_ids).visible();
    return out;
}

task<result<status_answer>> ask_status(user_api::bound_api& tiktok, status_book& book,
                                       const store::shared_post& known, const publish_id& id, learned_by how,
                                       wall_time now) {
    if (known && end_is_whole(*known)) co_return answer_of_ledger(*known);
    auto asked = co_await tiktok.fetch_status(id);
    if (!asked) {
        // Asked only for the ids, because the end is known.
        if (known && is_end(known->status)) co_return answer_of_ledger(*known);
        co_return asked.error();
    }
    if (known && is_behind(*known, *asked)) co_return answer_of_ledger(*known);
    const bool has_news = known && is_news(*known, *asked);
    if (has_news) {
        // The answer is valid even if it cannot be stored.
        auto told = update_by_answer(*known, *asked, now);
        (void)co_await book.write(std::move(told), how, tiktok.until());
    }
    status_answer out;
    out.is_news = has_news;
    out.state = state_of(asked->status);
    const bool late = is_late(known, out.state, now);
    out.is_final = is_awaited(out.state) || late;
    if (late) out.state = "unconfirmed";
    out.status = std::move(asked->status);
    out.fail_reason = std::move(asked->fail_reason);
    out.raw = std::move(asked->raw);
    co_return out;
}

} // namespace gateway::posts
