// publisher::upload_video: bytes that come with the call, staged bytes, or a URL that TikTok pulls.
#include "files/staged_file_store.hpp"
#include "posts/attempt_writer.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/post_video.hpp"
#include "posts/publisher.hpp"
#include "posts/tee_source.hpp"
#include "telemetry/call_record.hpp"

#include <utility>

namespace gateway::posts {
namespace {

constexpr std::string_view caption_is_kept =
    "TikTok carries no caption to the inbox; it is kept for a later publish of this draft.";
constexpr std::string_view bytes_are_not_kept =
    "The bytes could not be kept: this draft can be finished only by the creator, in the TikTok app.";
constexpr std::string_view not_written_down = "The post is at TikTok, but it could not be written down here.";

task<result<tiktok::started_post>> start_at_tiktok(user_api::bound_api& tiktok, const upload_request& what) {
    tiktok::video_source source;
    source.url = what.url;
    if (what.direct) co_return co_await tiktok.init_video(what.info, source);
    co_return co_await tiktok.init_inbox_video(source);
}

/// TikTok pulls the video, so the init is the only request.
task<result<upload_answer>> start_pull(user_api::bound_api& tiktok, store::ledger& rows, upload_request what,
                                       attempt_writer& attempt) {
    const wall_time now = attempt.record().created_at;
    if (what.direct) {
        auto allowed = co_await ask_creator(tiktok, rows, what.info.privacy_level, now);
        if (!allowed) co_return allowed.error();
    }
    auto begun = co_await attempt.begin(tiktok.until());
    if (!begun) co_return begun.error();
    auto started = co_await start_at_tiktok(tiktok, what);
    if (!started) co_return co_await attempt.end_failed_init(started.error(), tiktok.until());
    tiktok.record().publish_id = started->id.text();
    attempt.record().id = started->id;
    upload_answer out;
    out.id = started->id;
    out.status = processing_download;
    auto settled = co_await attempt.settle(processing_download);
    if (!settled) out.warnings.emplace_back(not_written_down);
    if (!what.direct && what.keep) out.warnings.emplace_back(bytes_are_not_kept);
    co_return out;
}

bool is_to_be_kept(const upload_request& what, std::uint32_t keep_hours) {
    return what.body && what.keep && !what.direct && keep_hours > 0 && what.body->size_bytes() > 0;
}

/// Begins a copy of an inbox upload's bytes; null if that is not possible or they are already staged.
task<std::unique_ptr<files::writer>> begin_copy(files::staged_file_store& files, const upload_request& what,
                                                const post_origin& by, std::uint32_t keep_hours,
                                                deadline until) {
    if (what.body_staged_in || !is_to_be_kept(what, keep_hours)) co_return nullptr;
    auto copy = co_await files.begin(by.caller, what.body->size_bytes(), keep_hours, until);
    if (!copy) co_return nullptr;
    co_return std::move(*copy);
}

upload_answer answer_of(video_done done) {
    upload_answer out;
    out.id = std::move(done.id);
    out.status = processing_upload;
    out.upload_status_code = done.sent.last_status;
    out.size_bytes = done.plan.size_bytes;
    out.sha256 = std::move(done.sent.sha256);
    out.chunk_size_bytes = done.plan.chunk_size_bytes;
    out.chunk_count = done.plan.chunk_count;
    return out;
}

/// Call when TikTok has all bytes.
task<upload_answer> finish_upload(video_done done, tee_source& body, upload_request what,
                                  attempt_writer& attempt, post_origin by) {
    std::string content_type = done.content_type;
    upload_answer out = answer_of(std::move(done));
    out.file = what.file;
    const deadline until = deadline::in(steady_now(), write_time);
    auto kept = co_await body.finish(std::move(content_type), by.now, until);
    if (kept) out.file = kept->id;
    const bool for_later = !what.direct && what.keep && !out.file.empty();

    store::post_record& record = attempt.record();
    record.size_bytes = out.size_bytes;
    record.sha256 = out.sha256;
    if (for_later) record.file = out.file.text();
    auto settled = co_await attempt.settle(processing_upload);
    if (!settled) out.warnings.emplace_back(not_written_down);
    if (!what.direct && what.keep && !for_later) out.warnings.emplace_back(bytes_are_not_kept);
    if (!what.direct && !what.info.caption.empty()) out.warnings.emplace_back(caption_is_kept);
    co_return out;
}

} // namespace

task<result<upload_answer>> publisher::upload_video(user_api::bound_api& tiktok, upload_request what,
                                                    post_origin by) {
    tiktok.wait_for_slots(by.waits_for_slot);
    if (what.direct) {
        auto complete = complete_direct(what.info, default_privacy_level_);
        if (!complete) co_return complete.error();
        what.info = std::move(*complete);
    }
    const std::string kind =
        std::string(what.direct ? "direct" : "inbox") + (what.url.empty() ? "_file" : "_url");
    attempt_writer attempt(ledger_, tiktok.recorder(), tiktok.user(), by, kind, what.info);
    if (!what.url.empty()) {
        auto out = co_await start_pull(tiktok, ledger_, what, attempt);
        if (out && !what.direct && !what.info.caption.empty()) out->warnings.emplace_back(caption_is_kept);
        co_return out;
    }

    std::unique_ptr<body_source> staged;
    body_source* from = what.body;
    if (!from) {
        auto opened = co_await files_.open(by.caller, what.file, by.now, tiktok.until());
        if (!opened) co_return opened.error();
        staged = std::move(*opened);
        from = staged.get();
    }
    auto copy = co_await begin_copy(files_, what, by, keep_hours_, tiktok.until());
    tee_source body(*from, std::move(copy), is_to_be_kept(what, keep_hours_) ? what.body_staged_in : nullptr);
    video_job job;
    job.from = &body;
    job.direct = what.direct;
    job.info = what.info;
    job.chunk_hint_bytes = what.chunk_hint_bytes;
    auto done = co_await post_video(tiktok, ledger_, std::move(job), attempt);
    if (!done) co_return done.error();
    co_return co_await finish_upload(std::move(*done), body, std::move(what), attempt, std::move(by));
}

} // namespace gateway::posts
