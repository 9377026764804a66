// Everything that makes a post. The only user of TikTok's inits: the ledger is written before a request that
// can post is sent, with the publish_id before the first byte, and with the end when it is known. One per
// worker; the ledger is shared. Calls of one user may overlap.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/quota_status.hpp"
#include "base/result.hpp"
#include "posts/ask_status.hpp"
#include "posts/daily_caps.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"
#include "store/ledger.hpp"
#include "user_api/bound_api.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gateway::files {
class staged_file_store;
class file_writer;
} // namespace gateway::files
namespace gateway::tiktok {
struct webhook_event;
}
namespace gateway::user_api {
class upload_observer;
}

namespace gateway::posts {

class attempt_writer;
struct init_to_try;
class status_book;

/// The origin of a post, for the ledger.
struct post_origin {
    caller_name caller;
    std::string action; // the row's slug
    wall_time now;
    std::string idempotency_key; // of the call or of one file of a batch; empty if there is none
    /// Waits for the init's window up to the deadline instead of failing with rate_limited; for batches.
    bool waits_for_slot = false;
};

/// Exactly one of body, file and url is given.
struct upload_request {
    body_source* body = nullptr; // forwarded while it is read; read at most once
    files::file_writer* body_staged_in =
        nullptr;            // already has the body's bytes and can be kept by finishing it; or null
    file_id file;           // staged bytes of this caller
    std::string url;        // passed to TikTok as PULL_FROM_URL
    bool direct = false;    // `publish`: post at once; else to the creator's inbox
    tiktok::post_info info; // empty privacy_level on a direct post: the configured default
    std::optional<std::uint64_t> chunk_hint_bytes;
    user_api::upload_observer* observer = nullptr; // hears of the bytes; null: nobody
    bool keep = true;                              // keep the bytes of an inbox upload for a later publish
};

struct upload_answer {
    publish_id id;
    std::string status;         // TikTok's: PROCESSING_UPLOAD, PROCESSING_DOWNLOAD
    int upload_status_code = 0; // of the last chunk; 0 if no bytes were sent
    file_id file;               // kept or staged bytes; empty if there are none
    std::uint64_t size_bytes = 0;
    std::string sha256; // hex; empty if no bytes were sent
    std::uint64_t chunk_size_bytes = 0;
    std::uint64_t chunk_count = 0;
    std::string privacy_level; // of a direct post; otherwise empty
    std::vector<std::string> warnings;
};

struct photos_request {
    std::vector<std::string> urls;
    std::uint32_t cover_index = 0;
    bool direct = false; // DIRECT_POST; else MEDIA_UPLOAD
    tiktok::post_info info;
};

struct publish_request {
    publish_id id;
    boost::json::object settings; // the call's inputs; absent ones are taken from the upload
    bool direct_post = true;
};

struct post_answer {
    publish_id id;
    std::string status;
    publish_id draft;          // set if a draft was published
    std::string privacy_level; // of a direct post of this gateway; otherwise empty
    std::vector<std::string> warnings;
};

/// The draft of a publish that can be posted, or the post that makes another one needless.
struct found_draft {
    std::optional<post_answer> existing;
    store::post_record draft;
    std::unique_ptr<body_source> bytes;
};

/// Who asks for a dry run, and how far it may go.
struct dry_call {
    user_api::bound_api* tiktok = nullptr; // null: the user's connection cannot be used
    bool may_ask = false;                  // TikTok may be asked about this post
    user_id user;
    deadline until;
};

/// What a post would meet.
struct verdict {
    std::vector<failure> reasons;               // each of them would refuse it
    std::optional<limits::quota_status> window; // of the init; nothing: not known
    caps_left caps;
    std::optional<post_answer> existing;    // a publish would post nothing, because this is there
    std::optional<std::string> draft_level; // the privacy level of a draft that can be posted
};

class publisher {
public:
    /// `default_privacy_level`: of direct posts that name none. `keep_hours`: how long the bytes of an inbox
    /// upload are kept; 0: not at all.
    publisher(status_book& book, files::staged_file_store& files, std::string default_privacy_level,
              std::uint32_t keep_hours, settings::daily_caps caps);

    /// From the settings that SIGHUP read.
    void change_caps(settings::daily_caps caps) { caps_ = caps; }

    /// Whether a direct post may have these settings, before any file of a batch is touched. invalid_input.
    result<void> check_direct(const tiktok::post_info& info) const;

    /// Before many drafts of one call, which may be uploaded at once: has TikTok say of the drafts that wait
    /// what each of the new ones would ask.
    task<void> prepare_drafts(user_api::bound_api& tiktok, wall_time now);
    task<result<upload_answer>> upload_video(user_api::bound_api& tiktok, upload_request what,
                                             post_origin by);
    task<result<post_answer>> post_photos(user_api::bound_api& tiktok, photos_request what, post_origin by);
    /// The same calls as dry runs: every check, and nothing that posts, is kept or is counted as an init.
    task<result<verdict>> try_upload(dry_call of, upload_request what, post_origin by);
    task<result<verdict>> try_photos(dry_call of, photos_request what, post_origin by);
    task<result<verdict>> try_publish(dry_call of, publish_request what, post_origin by);
    /// TIKTOK_PUBLISH_VIDEO (docs/contract.md §5). Never a second post for one draft.
    task<result<post_answer>> publish_draft(user_api::bound_api& tiktok, publish_request what,
                                            post_origin by);
    task<result<status_answer>> status(user_api::bound_api& tiktok, const publish_id& id, wall_time now);
    /// Without TikTok: the end of a post, if the ledger has one.
    task<result<std::optional<status_answer>>> known_end(user_id user, publish_id id, deadline until);
    task<result<store::page_of<store::post_record>>> list(user_id user, store::post_filter which,
                                                          std::string cursor, std::uint32_t limit,
                                                          deadline until);
    /// What TikTok's daily caps leave to this user's account, as far as the ledger knows.
    task<result<caps_left>> left_today(user_id user, wall_time now, deadline until);
    /// Settles the ledger; a repeated delivery changes nothing. `authorization_removed` is handled elsewhere.
    task<result<void>> on_webhook(const tiktok::webhook_event& event, wall_time now, deadline until);

private:
    task<result<void>> check_pending_shares(user_api::bound_api& tiktok, wall_time now);
    task<std::vector<store::post_record>> drafts_that_fill(user_api::bound_api& tiktok, std::uint32_t cap,
                                                           wall_time now);
    task<bool> surely_waits(user_api::bound_api& tiktok, const store::post_record& draft, wall_time now);
    task<result<void>> try_media(const upload_request& what, const post_origin& by, deadline until);
    task<result<void>> try_limits(dry_call of, init_to_try what, verdict& out, wall_time now);
    task<result<void>> try_draft(user_api::bound_api& tiktok, publish_request what, post_origin by,
                                 verdict& out);
    task<result<post_answer>> earlier_post(user_api::bound_api& tiktok, publish_request what, publish_id post,
                                           wall_time now);
    task<result<found_draft>> find_draft(user_api::bound_api& tiktok, publish_request what, post_origin by);
    task<std::optional<result<post_answer>>> earlier_attempt(user_api::bound_api& tiktok,
                                                             publish_request what, std::string attempt,
                                                             wall_time now);
    task<std::optional<result<post_answer>>> claim(user_api::bound_api& tiktok, publish_request what,
                                                   attempt_writer& attempt, wall_time now);
    task<bool> link(store::post_record draft, publish_id post);
    task<result<post_answer>> post_draft(user_api::bound_api& tiktok, publish_request what,
                                         store::post_record draft, std::unique_ptr<body_source> bytes,
                                         post_origin by);

    status_book& book_;
    store::ledger& ledger_;
    files::staged_file_store& files_;
    const std::string default_privacy_level_;
    const std::uint32_t keep_hours_;
    settings::daily_caps caps_;
    /// When TikTok was last asked of a draft, and said that it waits in its creator's inbox; by publish_id.
    std::unordered_map<std::string, steady_time> drafts_that_wait_;
};

} // namespace gateway::posts
