// publisher::status and publisher::on_webhook: the status of a post, from TikTok's answers and its webhooks.
#include "posts/post_facts.hpp"
#include "posts/public_ids.hpp"
#include "posts/publisher.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/webhook.hpp"

#include <utility>

namespace gateway::posts {
namespace {

status_answer from_ledger(const store::post_record& known) {
    status_answer out;
    out.status = std::string_view(known.status);
    out.state = state_of(known.status);
    out.fail_reason = known.fail_reason;
    out.post_ids = public_ids(known.post_ids).visible();
    return out;
}

/// Whether TikTok's answer must be stored: a new step, an end, or ids that came after it.
bool is_news(const store::post_record& known, const tiktok::post_status& now) {
    if (now.status != std::string_view(known.status))
        return now.status == send_to_user_inbox || is_end(now.status);
    return now.status == publish_complete && !now.post_ids().empty();
}

/// The ledger has the end, and TikTok's answer, read for missing ids, is older.
bool is_behind(const store::shared_post& known, const tiktok::post_status& now) {
    return known && is_end(known->status) && now.status != std::string_view(known->status);
}

using tiktok::webhook_event;
using tiktok::webhook_kind;

/// The record's current values; the caller changes those that TikTok sent.
store::status_update as_seen(const store::post_record& seen, wall_time now) {
    store::status_update out;
    out.attempt = seen.attempt;
    out.user = seen.user;
    out.status = out.seen_status = seen.status;
    out.fail_reason = seen.fail_reason;
    out.post_ids = out.seen_post_ids = seen.post_ids;
    out.told_at = now;
    out.ended_at = seen.ended_at;
    return out;
}

/// Call after the status was changed.
void note_end(store::status_update& told) {
    if (is_end(told.status) && told.status != told.seen_status) told.ended_at = told.told_at;
}

/// The order of events is not guaranteed (docs/tiktok-wire.md §7): an end is never replaced by an earlier
/// status, and a success never by a failure; ids keep their own times.
void apply(store::status_update& post, const webhook_event& event) {
    public_ids ids(post.post_ids);
    switch (event.kind) {
        case webhook_kind::publish_complete:
        case webhook_kind::publicly_available:
            post.status = publish_complete;
            post.fail_reason.clear();
            ids.appeared(event.post_id, event.created_at_s);
            break;
        case webhook_kind::publish_failed:
            if (post.status == publish_complete) break;
            post.status = failed;
            post.fail_reason = event.reason;
            break;
        case webhook_kind::inbox_delivered:
            if (!is_end(post.status)) post.status = send_to_user_inbox;
            break;
        case webhook_kind::no_longer_publicly_available:
            ids.went_away(event.post_id, event.created_at_s);
            break;
        case webhook_kind::authorization_removed:
        case webhook_kind::ping:
        case webhook_kind::other:
            break;
    }
    post.post_ids = ids.to_json();
}

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
    const auto& known = *at_hand;
    tiktok.record().publish_id = id.text();
    if (known && end_is_whole(*known)) co_return from_ledger(*known);

    auto asked = co_await tiktok.fetch_status(id);
    if (!asked) {
        // Asked only for the ids, because the end is known.
        if (known && is_end(known->status)) co_return from_ledger(*known);
        co_return asked.error();
    }
    if (is_behind(known, *asked)) co_return from_ledger(*known);
    if (known && is_news(*known, *asked)) co_await write_down(*known, *asked, now, tiktok.until());
    status_answer out;
    out.state = state_of(asked->status);
    out.status = std::move(asked->status);
    out.fail_reason = std::move(asked->fail_reason);
    out.raw = std::move(asked->raw);
    co_return out;
}

task<result<std::optional<status_answer>>> publisher::known_end(user_id user, publish_id id, deadline until) {
    const auto known = co_await ledger_.find(user, id, until);
    if (!known) co_return known.error();
    std::optional<status_answer> out;
    if (*known && is_end((*known)->status)) out = from_ledger(**known);
    co_return out;
}

/// Stores the status for later queries; the answer is valid even if that fails.
task<void> publisher::write_down(const store::post_record& known, const tiktok::post_status& news,
                                 wall_time now, deadline until) {
    store::status_update told = as_seen(known, now);
    told.status = std::string_view(news.status);
    told.fail_reason = news.fail_reason;
    public_ids ids(told.seen_post_ids);
    ids.are(news.post_ids());
    told.post_ids = ids.to_json();
    note_end(told);
    (void)co_await ledger_.apply_status(std::move(told), until);
}

task<result<void>> publisher::on_webhook(const tiktok::webhook_event& event, wall_time now, deadline until) {
    if (event.post.empty()) co_return result<void>{};
    const std::string event_hash = event.fingerprint();
    for (int round = 0; round < webhook_rounds_max; ++round) {
        auto known = co_await ledger_.find_by_id(event.post, until);
        if (!known) co_return known.error();
        // Not posted through this gateway, or its publish_id is not stored yet: a status query then asks
        // TikTok.
        if (!*known) co_return result<void>{};
        store::status_update told = as_seen(**known, now);
        told.event_hash = event_hash;
        apply(told, event);
        note_end(told);
        auto end = co_await ledger_.apply_status(std::move(told), until);
        if (!end) co_return end.error();
        if (*end != store::update_result::conflict) co_return result<void>{};
    }
    // TikTok repeats events that were not answered with 200.
    co_return failure(errc::vault_unavailable, "Other news of this post are being written; tell it again.");
}

} // namespace gateway::posts
