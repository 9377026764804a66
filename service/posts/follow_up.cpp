#include "posts/follow_up.hpp"

#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"

namespace gateway::posts {
namespace {

/// A post that only its creator sees gets no public ids, unless its creator opens it: then a webhook brings
/// them.
bool may_get_ids(const store::post_record& post) {
    return privacy_level_of(post) != "SELF_ONLY";
}

} // namespace

wall_time first_look(const store::post_record& post, wall_time now) {
    const bool has_more = !post.id.empty() && post.state != store::post_state::begun && !end_is_whole(post)
                          && (post.status != publish_complete || may_get_ids(post));
    return has_more ? now + look_times.shortest : wall_time{};
}

bool is_given_up(const store::post_record& post) {
    return post.state == store::post_state::outcome_unknown && post.ended_at != wall_time{};
}

after_look after_look_at(const store::post_record& post, look_outcome outcome, wall_time now) {
    if (outcome == look_outcome::news) return after_look::look_again;
    const bool was_asked = outcome == look_outcome::no_news;
    // A post is never forgotten while the one look that would have told its end has failed.
    const auto stops = [now, was_asked](wall_time since, std::chrono::hours after) {
        return was_asked && since + after <= now ? after_look::stop : after_look::look_again;
    };
    if (first_look(post, now) == wall_time{}) return after_look::stop;
    if (is_given_up(post)) return stops(post.created_at, looked_at_unconfirmed);
    if (post.status == publish_complete) return stops(post.ended_at, looked_at_for_ids);
    if (post.status == send_to_user_inbox) return stops(post.updated_at, looked_at_draft);
    const auto given_up_after = was_asked ? unconfirmed_after : unconfirmed_without_answer_after;
    return post.created_at + given_up_after <= now ? after_look::give_up : after_look::look_again;
}

bool is_awaited(std::string_view state) {
    return state == "published" || state == "failed" || state == "in_inbox";
}

} // namespace gateway::posts
