#include "posts/post_video.hpp"

#include "posts/daily_wait.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "telemetry/call_record.hpp"

#include <utility>

namespace gateway::posts {
namespace {

task<result<tiktok::started_post>> init(user_api::bound_api& tiktok, const video_job& job,
                                        const tiktok::chunk_plan& plan) {
    tiktok::video_source source;
    source.size_bytes = plan.size_bytes;
    source.chunk_size_bytes = plan.chunk_size_bytes;
    source.chunk_count = plan.chunk_count;
    if (job.direct) co_return co_await tiktok.init_video(job.info, source);
    co_return co_await tiktok.init_inbox_video(source);
}

/// The upload was interrupted. There can be a post only if TikTok may have all chunks.
task<failure> end_of_broken_upload(failure f, bool direct, attempt_writer& attempt) {
    const bool may_be_whole = f.details() && f.details()->may_have_reached_tiktok;
    if (!may_be_whole) {
        (void)co_await attempt.fail("upload_broken_off");
        co_return f;
    }
    (void)co_await attempt.lose();
    if (!direct) co_return f;
    co_return failure(
        errc::outcome_unknown,
        "The answer to the last chunk was lost; TikTok may post this video. Ask for the status of "
            + attempt.record().id.text() + " before you try again.")
        .may_have_reached_tiktok();
}

} // namespace

task<result<void>> ask_creator(user_api::bound_api& tiktok, store::ledger& rows, std::string privacy_level,
                               wall_time now) {
    auto creator = co_await tiktok.creator_info();
    if (creator) co_return check_offered(*creator, privacy_level);
    co_return co_await with_daily_wait(rows, tiktok.user(), creator.error(), true, now, tiktok.until());
}

task<result<video_done>> post_video(user_api::bound_api& tiktok, store::ledger& rows, video_job job,
                                    attempt_writer& attempt) {
    const wall_time now = attempt.record().created_at;
    video_done out;
    auto plan = tiktok::plan_chunks(job.from->size_bytes(), job.chunk_hint_bytes);
    if (!plan) co_return plan.error();
    out.plan = *plan;
    auto sender = co_await tiktok.prepare_upload(*job.from, out.plan);
    if (!sender) co_return sender.error();
    out.content_type = sender->content_type();
    if (job.direct) {
        auto allowed = co_await ask_creator(tiktok, rows, job.info.privacy_level, now);
        if (!allowed) co_return allowed.error();
    }

    if (!attempt.is_begun()) {
        auto begun = co_await attempt.begin(tiktok.until());
        if (!begun) co_return begun.error();
    }
    auto started = co_await init(tiktok, job, out.plan);
    if (!started) co_return co_await attempt.end_failed_init(started.error(), tiktok.until());
    out.id = started->id;
    tiktok.record().publish_id = out.id.text();
    auto named = co_await attempt.named(out.id, processing_upload);
    if (!named) { // no byte was sent, so nothing will be posted
        (void)co_await attempt.fail(facts(named.error().code()).name);
        co_return named.error();
    }

    auto sent = co_await sender->send(tiktok, out.id, std::move(started->upload_url));
    if (!sent) co_return co_await end_of_broken_upload(sent.error(), job.direct, attempt);
    out.sent = std::move(*sent);
    co_return out;
}

} // namespace gateway::posts
