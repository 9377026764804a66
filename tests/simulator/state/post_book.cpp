#include "state/post_book.hpp"

#include "rules/media_type.hpp"
#include "rules/names.hpp"

#include <set>
#include <utility>

namespace gateway::simulator {

void post_book::plan(wall_time when, const post& one, step what, std::string fail_with) {
    due_.emplace(when, due{one.publish_id, what, std::move(fail_with)});
}

post& post_book::add(post one, const timing_settings& timing) {
    if (!one.upload_id.empty()) by_upload_[one.upload_id] = one.publish_id;
    one.number = ++added_;
    const std::string key = one.publish_id;
    post& kept = posts_.insert_or_assign(key, std::move(one)).first->second;
    if (!kept.pull) {
        plan(kept.upload_expires_at, kept, step::upload_expired);
    } else if (!kept.endless) {
        plan(kept.created_at + milliseconds{timing.pull_timeout_ms}, kept, step::pull_expired);
    }
    if (timing.publish_id_lifetime_ms > 0) {
        plan(kept.created_at + milliseconds{timing.publish_id_lifetime_ms}, kept, step::forgotten);
    }
    return kept;
}

post* post_book::find(const std::string& publish_id) {
    const auto found = posts_.find(publish_id);
    return found == posts_.end() ? nullptr : &found->second;
}

post* post_book::find_upload(const std::string& upload_id) {
    const auto found = by_upload_.find(upload_id);
    return found == by_upload_.end() ? nullptr : find(found->second);
}

void post_book::bytes_complete(post& one, const std::string& fail_with, const timing_settings& timing,
                               wall_time now) {
    const std::int64_t mebibytes = (one.uploaded_bytes + one.downloaded_bytes) / (1024 * 1024);
    const milliseconds wait{timing.processing_ms + timing.processing_per_mebibyte_ms * mebibytes};
    plan(now + wait, one, step::processed, fail_with);
}

void post_book::fail(post& one, const std::string& reason) {
    one.status = post_status::failed;
    one.fail_reason = reason;
    news.push_back({one.publish_id, news_kind::failed, 0});
}

void post_book::creator_posts(post& one, const std::string& privacy_level, const timing_settings& timing,
                              wall_time now) {
    one.status = post_status::publish_complete;
    one.privacy_level = privacy_level;
    news.push_back({one.publish_id, news_kind::complete, 0});
    if (privacy_level == "PUBLIC_TO_EVERYONE")
        plan(now + milliseconds{timing.moderation_ms}, one, step::moderated);
}

void post_book::make_private(post& one) {
    for (const std::int64_t id : one.post_ids) {
        news.push_back({one.publish_id, news_kind::no_longer_public, id});
    }
    one.post_ids.clear();
    one.public_since.clear();
}

void post_book::withdraw(const std::string& username, const std::string& client_key) {
    for (auto& [id, one] : posts_) {
        if (one.username == username && one.client_key == client_key && one.running())
            fail(one, "auth_removed");
    }
}

void post_book::processed(post& one, const std::string& fail_with, wall_time now,
                          const timing_settings& timing) {
    if (!one.running()) return; // cancelled, or the consent was withdrawn
    const bool bad_video = !one.photo && !is_video(sniff(one.head));
    if (bad_video || !fail_with.empty()) {
        fail(one, bad_video ? "file_format_check_failed" : fail_with);
        return;
    }
    if (one.direct) {
        creator_posts(one, one.privacy_level, timing, now);
        return;
    }
    one.status = post_status::send_to_user_inbox;
    news.push_back({one.publish_id, news_kind::inbox_delivered, 0});
    if (timing.draft_lifetime_ms > 0) {
        plan(now + milliseconds{timing.draft_lifetime_ms}, one, step::draft_expired);
    }
}

void post_book::perform(const due& next, wall_time now, const timing_settings& timing) {
    post* one = find(next.publish_id);
    if (!one) return;
    switch (next.what) {
        case step::processed:
            processed(*one, next.fail_with, now, timing);
            break;
        case step::moderated:
            one->post_ids.push_back(new_post_id());
            one->public_since.push_back(now);
            news.push_back({one->publish_id, news_kind::publicly_available, one->post_ids.back()});
            break;
        case step::upload_expired:
            if (one->running() && one->uploaded_bytes < one->size_bytes) fail(*one, "internal");
            break;
        case step::pull_expired:
            if (one->status == post_status::processing_download && one->pulled.size() < one->urls.size()) {
                fail(*one, one->photo ? "photo_pull_failed" : "video_pull_failed");
            }
            break;
        case step::draft_expired:
            if (one->status == post_status::send_to_user_inbox) fail(*one, "internal");
            break;
        case step::forgotten:
            by_upload_.erase(one->upload_id);
            posts_.erase(next.publish_id);
            break;
    }
}

void post_book::advance(wall_time now, const timing_settings& timing) {
    while (!due_.empty() && due_.begin()->first <= now) {
        const auto next = due_.extract(due_.begin());
        perform(next.mapped(), now, timing);
    }
}

std::optional<wall_time> post_book::next_due() const {
    return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::int64_t post_book::direct_posts(const std::string& username, wall_time since) const {
    std::int64_t count = 0;
    for (const auto& [id, one] : posts_) {
        if (one.direct && one.username == username && one.created_at > since
            && one.status != post_status::failed) {
            ++count;
        }
    }
    return count;
}

std::int64_t post_book::pending_drafts(const std::string& username, wall_time since) const {
    std::int64_t count = 0;
    for (const auto& [id, one] : posts_) {
        const bool pending = one.running() || one.status == post_status::send_to_user_inbox;
        if (!one.direct && one.username == username && one.created_at > since && pending) ++count;
    }
    return count;
}

std::int64_t post_book::other_active_users(const std::string& client_key, const std::string& username,
                                           bool drafts_too, wall_time since) const {
    std::set<std::string> users;
    for (const auto& [id, one] : posts_) {
        const bool counts = one.direct || drafts_too;
        if (counts && one.client_key == client_key && one.username != username && one.created_at > since) {
            users.insert(one.username);
        }
    }
    return static_cast<std::int64_t>(users.size());
}

} // namespace gateway::simulator
