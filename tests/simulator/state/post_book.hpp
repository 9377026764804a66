// All posts and their states over time: upload, processing, inbox or published, moderation, expiry
// (docs/tiktok-wire.md §5, §6). Pure; time is an argument. Events to send are collected in `news`.
#pragma once
#include "state/post.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulator {

enum class news_kind { failed, complete, inbox_delivered, publicly_available, no_longer_public };

struct post_news {
    std::string publish_id;
    news_kind kind = news_kind::failed;
    std::int64_t post_id = 0; // for the two events about public posts
};

class post_book {
public:
    /// Starts its timer: that of the upload URL or of the pull.
    post& add(post one, const timing_settings& timing);
    post* find(const std::string& publish_id);
    post* find_upload(const std::string& upload_id);
    const std::map<std::string, post>& all() const { return posts_; }

    /// Call when all bytes have arrived: processing begins. `fail_with`: the fail_reason of the account's
    /// posts, or empty.
    void bytes_complete(post& one, const std::string& fail_with, const timing_settings& timing,
                        wall_time now);
    void fail(post& one, const std::string& reason);
    /// The creator posts a draft in the app; may happen more than once.
    void creator_posts(post& one, const std::string& privacy_level, const timing_settings& timing,
                       wall_time now);
    /// The creator makes a public post private, or deletes it.
    void make_private(post& one);
    /// Ends what runs for an account and app with `auth_removed`.
    void withdraw(const std::string& username, const std::string& client_key);

    void advance(wall_time now, const timing_settings& timing);
    std::optional<wall_time> next_due() const;

    std::int64_t direct_posts(const std::string& username, wall_time since) const;
    std::int64_t pending_drafts(const std::string& username, wall_time since) const;
    /// Accounts that posted through an app, other than `username`.
    std::int64_t other_active_users(const std::string& client_key, const std::string& username,
                                    bool drafts_too, wall_time since) const;

    std::vector<post_news> news;

private:
    enum class step { processed, moderated, upload_expired, pull_expired, draft_expired, forgotten };
    struct due {
        std::string publish_id;
        step what;
        std::string fail_with;
    };
    void plan(wall_time when, const post& one, step what, std::string fail_with = {});
    void perform(const due& next, wall_time now, const timing_settings& timing);
    void processed(post& one, const std::string& fail_with, wall_time now, const timing_settings& timing);

    std::map<std::string, post> posts_;
    std::map<std::string, std::string> by_upload_; // upload_id -> publish_id
    std::multimap<wall_time, due> due_;
    std::uint64_t added_ = 0;
};

} // namespace gateway::simulator
