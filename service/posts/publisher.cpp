// The publisher's uploads and photos; publish_draft.cpp publishes drafts, post_status.cpp reads statuses,
// check_caps.cpp keeps to TikTok's daily caps.
#include "posts/publisher.hpp"

#include "files/staged_file_store.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/post_video.hpp"
#include "posts/status_book.hpp"
#include "posts/tee_source.hpp"
#include "tiktok/requests.hpp"

#include <utility>

namespace gateway::posts {
namespace {

constexpr std::string_view caption_is_kept =
    "TikTok carries no caption to the inbox; it is kept for a later publish of this draft.";
constexpr std::string_view bytes_are_not_kept =
    "The bytes could not be kept: this draft can be finished only by the creator, in the TikTok app.";

/// An inbox upload has its limits: the caption stays here, and later only kept bytes can be posted.
void warn_of_inbox(upload_answer& out, const upload_request& what, bool bytes_are_kept) {
    if (what.direct) return;
    if (what.keep && !bytes_are_kept) out.warnings.emplace_back(bytes_are_not_kept);
    if (!what.info.caption.empty()) out.warnings.emplace_back(caption_is_kept);
}

task<result<upload_answer>> pull_video(user_api::bound_api& tiktok, upload_request what,
                                       attempt_writer& attempt) {
    upload_answer out;
    auto init = tiktok::video_init_request(what.info, what.direct, {.url = what.url});
    auto id = co_await post_pulled(tiktok, std::move(init), what.info.privacy_level, attempt, out.warnings);
    if (!id) co_return id.error();
    out.id = std::move(*id);
    out.status = processing_download;
    tell_privacy(attempt.record(), out.privacy_level, out.warnings);
    warn_of_inbox(out, what, false);
    co_return out;
}

bool is_to_be_kept(const upload_request& what, std::uint32_t keep_hours) {
    return what.body && what.keep && !what.direct && keep_hours > 0 && what.body->size_bytes() > 0;
}

/// Begins a copy of an inbox upload's bytes; null if that is not possible or they are already staged.
task<std::unique_ptr<files::file_writer>> begin_copy(files::staged_file_store& files,
                                                     const upload_request& what, const post_origin& by,
                                                     std::uint32_t keep_hours, deadline until) {
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
    tell_privacy(attempt.record(), out.privacy_level, out.warnings);
    warn_of_inbox(out, what, for_later);
    co_return out;
}

} // namespace

publisher::publisher(status_book& book, files::staged_file_store& files, std::string default_privacy_level,
                     std::uint32_t keep_hours, settings::daily_caps caps)
    : book_(book),
      ledger_(book.ledger()),
      files_(files),
      default_privacy_level_(std::move(default_privacy_level)),
      keep_hours_(keep_hours),
      caps_(caps) {}

result<void> publisher::check_direct(const tiktok::post_info& info) const {
    const auto complete = complete_direct(info, default_privacy_level_);
    if (!complete) return complete.error();
    return {};
}

task<result<store::page_of<store::post_record>>> publisher::list(user_id user, store::post_filter which,
                                                                 std::string cursor, std::uint32_t limit,
                                                                 deadline until) {
    return ledger_.list(std::move(user), std::move(which), std::move(cursor), limit, until);
}

task<result<upload_answer>> publisher::upload_video(user_api::bound_api& tiktok, upload_request what,
                                                    post_origin by) {
    tiktok.wait_for_slots(by.waits_for_slot);
    if (what.direct) {
        auto complete = complete_direct(what.info, default_privacy_level_);
        if (!complete) co_return complete.error();
        what.info = std::move(*complete);
    } else {
        const auto room = co_await check_pending_shares(tiktok, by.now);
        if (!room) co_return room.error();
    }
    const std::string kind =
        std::string(what.direct ? "direct" : "inbox") + (what.url.empty() ? "_file" : "_url");
    attempt_writer attempt(ledger_, tiktok, by, kind, what.info);
    if (!what.url.empty()) co_return co_await pull_video(tiktok, std::move(what), attempt);

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
    job.info = what.info;
    job.chunk_hint_bytes = what.chunk_hint_bytes;
    job.observer = what.observer;
    auto done = co_await post_video(tiktok, std::move(job), attempt);
    if (!done) co_return done.error();
    co_return co_await finish_upload(std::move(*done), body, std::move(what), attempt, std::move(by));
}

task<result<post_answer>> publisher::post_photos(user_api::bound_api& tiktok, photos_request what,
                                                 post_origin by) {
    tiktok.wait_for_slots(by.waits_for_slot);
    post_answer out;
    if (what.direct) {
        auto complete = complete_direct(what.info, default_privacy_level_);
        if (!complete) co_return complete.error();
        what.info = std::move(*complete);
    } else {
        const auto room = co_await check_pending_shares(tiktok, by.now);
        if (!room) co_return room.error();
        if (!what.info.privacy_level.empty())
            out.warnings.emplace_back(
                "With MEDIA_UPLOAD the creator chooses the privacy level; yours has no effect.");
    }

    attempt_writer attempt(ledger_, tiktok, by, what.direct ? "direct_photo" : "inbox_photo", what.info);
    auto init = tiktok::content_init_request(what.info, what.direct, what.urls, what.cover_index);
    auto id = co_await post_pulled(tiktok, std::move(init), what.info.privacy_level, attempt, out.warnings);
    if (!id) co_return id.error();
    out.id = std::move(*id);
    out.status = processing_download;
    tell_privacy(attempt.record(), out.privacy_level, out.warnings);
    co_return out;
}

} // namespace gateway::posts
