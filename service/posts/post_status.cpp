// publisher::status and on_webhook: the status of a post, from TikTok's answers and its webhooks.
#include "posts/ask_status.hpp"
#include "posts/post_facts.hpp"
#include "posts/publisher.hpp"
#include "posts/status_book.hpp"
#include "posts/status_news.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/webhook.hpp"

#include <utility>

namespace gateway::posts {
namespace {

/// A few events of one post may come at the same time; each round writes one of them.
constexpr int webhook_rounds_max = 8;

} // namespace

task<result<status_answer>> publisher::status(user_api::bound_api& tiktok, const publish_id& id,
                                              wall_time now) {
    auto at_hand = ledger_.find_cached(tiktok.user(), id);
    if (!at_hand) {
        auto found = co_await ledger_.find(tiktok.user(), id, tiktok.until());
        if (!found) co_return found.error();
        at_hand = std::move(*found);
    }
    tiktok.record().publish_id = id.text();
    co_return co_await ask_status(tiktok, book_, *at_hand, id, learned_by::call, now);
}

task<result<std::optional<status_answer>>> publisher::known_end(user_id user, publish_id id, deadline until) {
    const auto known = co_await ledger_.find(user, id, until);
    if (!known) co_return known.error();
    std::optional<status_answer> out;
    if (*known && is_end((*known)->status)) out = answer_of_ledger(**known);
    co_return out;
}

task<result<void>> publisher::on_webhook(const tiktok::webhook_event& event, wall_time now, deadline until) {
    if (event.post.empty()) co_return result<void>{};
    const std::string event_hash = event.fingerprint();
    for (int round = 0; round < webhook_rounds_max; ++round) {
        auto known = co_await ledger_.find_by_id(event.post, until);
        if (!known) co_return known.error();
        // Not posted through this gateway, or its publish_id is not stored yet: then it is looked at a little
        // later.
        if (!*known) co_return result<void>{};
        auto told = update_by_webhook(**known, event, now);
        told.event_hash = event_hash;
        auto end = co_await book_.write(std::move(told), learned_by::webhook, until);
        if (!end) co_return end.error();
        if (*end != store::update_result::conflict) co_return result<void>{};
    }
    // TikTok repeats events that were not answered with 200.
    co_return failure(errc::vault_unavailable, "Other news of this post are being written; tell it again.");
}

} // namespace gateway::posts
