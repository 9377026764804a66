// publisher::post_photos (docs/tiktok-wire.md §4.4): TikTok pulls the pictures, so the init is the only
// request.
#include "posts/attempt_writer.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/post_video.hpp"
#include "posts/publisher.hpp"
#include "telemetry/call_record.hpp"

#include <utility>

namespace gateway::posts {

task<result<post_answer>> publisher::post_photos(user_api::bound_api& tiktok, photos_request what,
                                                 post_origin by) {
    tiktok.wait_for_slots(by.waits_for_slot);
    post_answer out;
    if (what.direct) {
        auto complete = complete_direct(what.info, default_privacy_level_);
        if (!complete) co_return complete.error();
        what.info = std::move(*complete);
        auto allowed = co_await ask_creator(tiktok, ledger_, what.info.privacy_level, by.now);
        if (!allowed) co_return allowed.error();
    } else if (!what.info.privacy_level.empty()) {
        out.warnings.emplace_back(
            "With MEDIA_UPLOAD the creator chooses the privacy level; yours has no effect.");
    }

    attempt_writer attempt(ledger_, tiktok.recorder(), tiktok.user(), by,
                           what.direct ? "direct_photo" : "inbox_photo", what.info);
    auto begun = co_await attempt.begin(tiktok.until());
    if (!begun) co_return begun.error();
    auto started = co_await tiktok.init_photos(what.info, what.direct, what.urls, what.cover_index);
    if (!started) co_return co_await attempt.end_failed_init(started.error(), tiktok.until());
    tiktok.record().publish_id = started->id.text();
    attempt.record().id = started->id;
    out.id = started->id;
    out.status = processing_download;
    auto settled = co_await attempt.settle(processing_download);
    if (!settled) out.warnings.emplace_back("The post is at TikTok, but it could not be written down here.");
    co_return out;
}

} // namespace gateway::posts
