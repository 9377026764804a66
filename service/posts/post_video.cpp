#include "posts/post_video.hpp"

#include "http/status_path.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/requests.hpp"

#include <utility>

namespace gateway::posts {
namespace {

/// The upload was interrupted. There can be a post only if TikTok may have all chunks.
task<failure> end_of_broken_upload(failure f, attempt_writer& attempt) {
    const bool may_be_whole = f.details() && f.details()->may_have_reached_tiktok;
    if (!may_be_whole) {
        (void)co_await attempt.fail("upload_broken_off", f);
        co_return f;
    }
    (void)co_await attempt.lose();
    const auto& post = attempt.record();
    auto path = http::status_path_of(post.user, post.id);
    if (!attempt.is_direct()) co_return std::move(f).post(post.id.text(), std::move(path));
    std::string sentence =
        "The answer to the last chunk was lost; TikTok may post this video. Ask for the "
        "status of "
        + post.id.text() + " before you try again.";
    co_return failure(errc::outcome_unknown, std::move(sentence))
        .post(post.id.text(), std::move(path))
        .may_have_reached_tiktok();
}

/// Reads creator_info before each direct post and checks what it allows.
task<result<void>> ask_creator(user_api::bound_api& tiktok, std::string privacy_level,
                               attempt_writer& attempt) {
    auto creator = co_await tiktok.creator_info();
    if (creator) co_return check_offered(*creator, privacy_level);
    co_return co_await attempt.with_wait(creator.error(), tiktok.until());
}

} // namespace

task<result<publish_id>> post_pulled(user_api::bound_api& tiktok, tiktok::api_request init,
                                     std::string privacy_level, attempt_writer& attempt,
                                     std::vector<std::string>& warnings) {
    if (attempt.is_direct()) {
        auto allowed = co_await ask_creator(tiktok, std::move(privacy_level), attempt);
        if (!allowed) co_return allowed.error();
    }
    auto begun = co_await attempt.begin(tiktok.until());
    if (!begun) co_return begun.error();
    auto started = co_await tiktok.start_post(std::move(init), false);
    if (!started) co_return co_await attempt.end_failed_init(started.error(), tiktok.until());
    tiktok.record().publish_id = started->id.text();
    attempt.record().id = started->id;
    auto settled = co_await attempt.settle(processing_download);
    if (!settled) warnings.emplace_back(not_written_down);
    co_return std::move(started->id);
}

task<result<video_done>> post_video(user_api::bound_api& tiktok, video_job job, attempt_writer& attempt) {
    video_done out;
    auto plan = tiktok::plan_chunks(job.from->size_bytes(), job.chunk_hint_bytes);
    if (!plan) co_return plan.error();
    out.plan = *plan;
    auto sender = co_await tiktok.prepare_upload(*job.from, out.plan);
    if (!sender) co_return sender.error();
    (*sender)->observe(job.observer);
    out.content_type = (*sender)->content_type();
    if (attempt.is_direct()) {
        auto allowed = co_await ask_creator(tiktok, job.info.privacy_level, attempt);
        if (!allowed) co_return allowed.error();
    }

    if (!attempt.is_begun()) {
        auto begun = co_await attempt.begin(tiktok.until());
        if (!begun) co_return begun.error();
    }
    const tiktok::video_source source{
        out.plan.size_bytes, out.plan.chunk_size_bytes, out.plan.chunk_count, {}};
    auto init = tiktok::video_init_request(job.info, attempt.is_direct(), source);
    auto started = co_await tiktok.start_post(std::move(init), true);
    if (!started) co_return co_await attempt.end_failed_init(started.error(), tiktok.until());
    out.id = started->id;
    tiktok.record().publish_id = out.id.text();
    attempt.record().size_bytes = out.plan.size_bytes;
    auto named = co_await attempt.named(out.id, processing_upload);
    if (!named) { // no byte was sent, so nothing will be posted
        (void)co_await attempt.fail(facts(named.error().code()).name, named.error());
        co_return named.error();
    }

    auto sent = co_await (*sender)->send(out.id, std::move(started->upload_url));
    if (!sent) co_return co_await end_of_broken_upload(sent.error(), attempt);
    out.sent = std::move(*sent);
    co_return out;
}

} // namespace gateway::posts
