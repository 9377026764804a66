#include "posts/status_news.hpp"

#include "posts/follow_up.hpp"
#include "posts/post_events.hpp"
#include "posts/post_facts.hpp"
#include "posts/public_ids.hpp"
#include "tiktok/types.hpp"
#include "tiktok/webhook.hpp"

#include <string_view>

namespace gateway::posts {
namespace {

using tiktok::webhook_event;
using tiktok::webhook_kind;

/// The row's current values; the caller changes those that TikTok sent.
store::status_update as_seen(const store::post_record& seen, wall_time now) {
    store::status_update out;
    out.attempt = seen.attempt;
    out.user = seen.user;
    out.post = seen.id;
    out.status = out.seen_status = seen.status;
    out.fail_reason = seen.fail_reason;
    out.post_ids = out.seen_post_ids = seen.post_ids;
    out.told_at = now;
    out.ended_at = out.seen_ended_at = seen.ended_at;
    return out;
}

/// Call after the status and the ids were changed. An end that was given up is replaced by a real one.
void note_what_follows(store::status_update& told, const store::post_record& seen) {
    const bool stays_unconfirmed = is_given_up(seen) && !is_awaited(state_of(told.status));
    if (is_end(told.status) && (told.status != told.seen_status || is_given_up(seen)))
        told.ended_at = told.told_at;
    else if (is_given_up(seen) && !stays_unconfirmed)
        told.ended_at = {};
    told.unconfirmed = stays_unconfirmed;
    auto after = seen;
    if (!stays_unconfirmed) after.state = store::post_state::settled;
    after.status = told.status;
    after.post_ids = told.post_ids;
    after.ended_at = told.ended_at;
    told.next_look_at = first_look(after, told.told_at);
    told.event = event_of(seen, told);
}

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

} // namespace

bool is_news(const store::post_record& known, const tiktok::post_status& now) {
    if (now.status != std::string_view(known.status))
        return now.status == send_to_user_inbox || is_end(now.status);
    if (now.status == send_to_user_inbox || is_end(now.status)) {
        // The same status, but the row waits for an end, or has given it up.
        if (known.state == store::post_state::outcome_unknown) return true;
    }
    return now.status == publish_complete && !now.post_ids().empty();
}

bool is_behind(const store::post_record& known, const tiktok::post_status& now) {
    return is_end(known.status) && now.status != std::string_view(known.status);
}

store::status_update update_by_answer(const store::post_record& known, const tiktok::post_status& news,
                                      wall_time now) {
    auto told = as_seen(known, now);
    told.status = std::string_view(news.status);
    told.fail_reason = news.fail_reason;
    public_ids ids(told.seen_post_ids);
    ids.are(news.post_ids());
    told.post_ids = ids.to_json();
    note_what_follows(told, known);
    return told;
}

store::status_update update_by_webhook(const store::post_record& known, const webhook_event& event,
                                       wall_time now) {
    auto told = as_seen(known, now);
    apply(told, event);
    note_what_follows(told, known);
    return told;
}

store::status_update update_by_time(const store::post_record& known, wall_time now) {
    auto told = as_seen(known, now);
    told.unconfirmed = true;
    told.ended_at = now;
    told.next_look_at = now + look_times.shortest;
    told.event = unconfirmed_event(known, now);
    return told;
}

} // namespace gateway::posts
