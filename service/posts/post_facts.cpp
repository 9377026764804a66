#include "posts/post_facts.hpp"

#include "posts/public_ids.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gateway::posts {

std::string_view state_of(std::string_view tiktok_status) {
    if (tiktok_status.empty()) return "unconfirmed";
    if (tiktok_status == send_to_user_inbox) return "in_inbox";
    if (tiktok_status == publish_complete) return "published";
    if (tiktok_status == failed) return "failed";
    return "processing"; // also for future statuses (docs/tiktok-wire.md §6)
}

std::string_view state_of(const store::post_record& known) {
    // Of an upload that broke, TikTok will still tell the end, unless that was given up.
    const bool is_open = !known.id.empty() && known.ended_at == wall_time{};
    if (known.state == store::post_state::outcome_unknown && !is_open) return "unconfirmed";
    return state_of(known.status);
}

bool is_end(std::string_view tiktok_status) {
    return tiktok_status == publish_complete || tiktok_status == failed;
}

bool end_is_whole(const store::post_record& known) {
    return known.status == failed || (known.status == publish_complete && public_ids(known.post_ids).any());
}

bool is_direct(const store::post_record* known, const publish_id& id) {
    if (known) return known->kind.starts_with("direct_");
    return id.text().starts_with("v_pub_");
}

bool had_no_effect(const store::post_record& attempt) {
    if (attempt.state != store::post_state::settled || attempt.status != failed) return false;
    return attempt.kind.ends_with("_file") ? attempt.sha256.empty() : attempt.id.empty();
}

failure post_failed(std::string_view fail_reason) {
    std::string sentence = "TikTok failed this post";
    if (!fail_reason.empty()) sentence.append(" (").append(fail_reason).append(")");
    const bool may_help = may_help_to_upload_again(fail_reason);
    sentence += may_help ? "; a new upload can help." : "; the same upload again would not help.";
    return {errc::post_failed, std::move(sentence)};
}

bool may_help_to_upload_again(std::string_view fail_reason) {
    return fail_reason == "internal" || fail_reason == "video_pull_failed"
           || fail_reason == "photo_pull_failed" || fail_reason == "upload_broken_off"
           || fail_reason == "process_ended";
}

bool is_daily_cap(const failure& why) {
    return why.code() == errc::rate_limited && why.details()
           && why.details()->scope == limit_scope::tiktok_daily;
}

milliseconds wait_for_daily_cap(const std::vector<store::post_record>& recent, bool direct, wall_time now) {
    constexpr milliseconds day{86'400'000}, hour{3'600'000};
    wall_time oldest = now + day;
    for (const store::post_record& post : recent) {
        // TikTok counts posts of the day, and drafts that wait.
        const bool still = direct ? post.status != failed : !is_end(post.status);
        const bool counts = !post.id.empty() && is_direct(&post, post.id) == direct && still;
        if (counts && post.created_at > now - day) oldest = std::min(oldest, post.created_at);
    }
    return oldest > now ? hour : oldest + day - now;
}

} // namespace gateway::posts
