// publisher::publish_draft, TIKTOK_PUBLISH_VIDEO: "upload now, publish later", although TikTok has no call
// that publishes an inbox draft (docs/contract.md §5, docs/tiktok-wire.md §9.2). The kept bytes are posted
// directly, once.
#include "files/staged_file_store.hpp"
#include "posts/attempt_writer.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/post_video.hpp"
#include "posts/publisher.hpp"
#include "store/ledger.hpp"
#include "telemetry/call_record.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace gateway::posts {
namespace {

constexpr std::string_view settings_have_no_effect =
    "What this call says of caption, privacy_level or another setting was not applied: the post has those of "
    "the call that made it.";
constexpr std::string_view draft_stays =
    "The draft stays in the creator's inbox and counts as pending; the creator could post it too.";
/// No upload takes longer; an attempt that is still open after this time was interrupted.
constexpr milliseconds longest_attempt{4 * 3'600'000};
constexpr int claim_rounds_max = 4;

failure only_the_creator(const publish_id& id) {
    return {
        errc::creator_action_required,
        "Only the creator can finish " + id.text()
            + ", in the TikTok app: it waits in the inbox (SEND_TO_USER_INBOX) and its bytes are not here."};
}

bool gives_settings(const boost::json::object& inputs) {
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const auto& each) { return each.key() != "direct_post"; });
}

/// The answer if no new post is needed; nothing for a draft that is still in the inbox. `known`: the ledger's
/// row, or null.
std::optional<result<post_answer>> answer_as_it_stands(const publish_request& what, const status_answer& at,
                                                       const store::post_record* known) {
    const bool direct = is_direct(known, what.id);
    if (at.status == failed) return result<post_answer>(post_failed(at.fail_reason));
    if (at.status == publish_complete || direct) {
        post_answer out;
        out.id = what.id;
        out.status = std::string_view(at.status);
        if (known) tell_privacy(*known, out.privacy_level, out.warnings);
        if (gives_settings(what.settings)) out.warnings.emplace_back(settings_have_no_effect);
        return result<post_answer>(std::move(out));
    }
    if (at.status == send_to_user_inbox) return std::nullopt;
    std::string sentence = "TikTok is still processing this upload (";
    sentence.append(at.status).append("); ask again soon.");
    return result<post_answer>(
        failure(errc::not_ready, std::move(sentence)).retry_after(milliseconds{5'000}));
}

post_answer answer_of_post(publish_id id, std::string status, publish_id draft) {
    post_answer out;
    out.id = std::move(id);
    out.status = std::move(status);
    out.draft = std::move(draft);
    out.warnings.emplace_back(draft_stays);
    return out;
}

failure how_an_unnamed_attempt_stands(const store::post_record& earlier, wall_time now) {
    const bool lost =
        earlier.state == store::post_state::outcome_unknown || earlier.created_at + longest_attempt < now;
    if (lost)
        return failure(errc::outcome_unknown,
                       "An earlier publish of this draft may have posted it. Look at the creator's account "
                       "before you try again.")
            .may_have_reached_tiktok();
    return failure(errc::in_progress, "Another call is publishing this draft right now.")
        .retry_after(milliseconds{5'000});
}

} // namespace

/// The status of the post that an earlier call made of this draft.
task<result<post_answer>> publisher::earlier_post(user_api::bound_api& tiktok, publish_request what,
                                                  publish_id post, wall_time now) {
    const auto known = co_await ledger_.find(tiktok.user(), post, tiktok.until());
    if (!known) co_return known.error();
    auto at = co_await status(tiktok, post, now);
    if (!at) co_return at.error();
    if (at->status == failed) co_return post_failed(at->fail_reason);
    auto out = answer_of_post(std::move(post), std::string(at->status), std::move(what.id));
    if (*known) tell_privacy(**known, out.privacy_level, out.warnings);
    if (gives_settings(what.settings)) out.warnings.emplace_back(settings_have_no_effect);
    co_return out;
}

/// What an earlier call has made of the draft; empty: nothing came of it, so its claim does not count.
task<std::optional<result<post_answer>>> publisher::earlier_attempt(user_api::bound_api& tiktok,
                                                                    publish_request what, std::string attempt,
                                                                    wall_time now) {
    const auto earlier = co_await ledger_.find_attempt(std::move(attempt), tiktok.until());
    if (!earlier) co_return result<post_answer>(earlier.error());
    if (!*earlier || had_no_effect(**earlier)) co_return std::nullopt;
    if ((*earlier)->id.empty()) co_return result<post_answer>(how_an_unnamed_attempt_stands(**earlier, now));
    co_return co_await earlier_post(tiktok, std::move(what), (*earlier)->id, now);
}

/// Empty if this call has claimed the draft; otherwise the result of the earlier call.
task<std::optional<result<post_answer>>> publisher::claim(user_api::bound_api& tiktok, publish_request what,
                                                          attempt_writer& attempt, wall_time now) {
    const deadline until = tiktok.until();
    for (int round = 0; round < claim_rounds_max; ++round) {
        auto first = co_await ledger_.claim_draft(tiktok.user(), what.id, attempt.name(), until);
        if (!first) co_return result<post_answer>(first.error());
        if (*first == attempt.name()) co_return std::nullopt;
        auto earlier = co_await earlier_attempt(tiktok, what, *first, now);
        if (earlier) co_return earlier;
        auto released = co_await ledger_.release_draft(tiktok.user(), what.id, *first, until);
        if (!released) co_return result<post_answer>(released.error());
    }
    co_return result<post_answer>(
        failure(errc::in_progress, "Other calls are publishing this draft right now."));
}

/// Stores in the draft's record which post was made of it.
task<bool> publisher::link(store::post_record draft, publish_id post) {
    draft.published_as = std::move(post);
    draft.updated_at = wall_now();
    auto written = co_await ledger_.update(std::move(draft), deadline::in(steady_now(), write_time));
    co_return written.has_value();
}

task<result<post_answer>> publisher::post_draft(user_api::bound_api& tiktok, publish_request what,
                                                store::post_record draft, std::unique_ptr<body_source> bytes,
                                                post_origin by) {
    tiktok::post_info wanted = read_settings(draft.settings);
    apply_settings(wanted, what.settings);
    auto info = complete_direct(std::move(wanted), default_privacy_level_);
    if (!info) co_return info.error();
    attempt_writer attempt(ledger_, tiktok, by, "direct_file", *info);
    attempt.record().draft = what.id;
    attempt.record().file = draft.file;
    auto begun = co_await attempt.begin(tiktok.until());
    if (!begun) co_return begun.error();
    auto settled_before = co_await claim(tiktok, what, attempt, by.now);
    if (settled_before) {
        co_await attempt.forget();
        co_return std::move(*settled_before);
    }

    video_job job;
    job.from = bytes.get();
    job.info = std::move(*info);
    auto done = co_await post_video(tiktok, std::move(job), attempt);
    if (!done) {
        // A failure before the init also ends this attempt.
        if (attempt.record().state == store::post_state::begun) co_await attempt.forget();
        const bool nothing_came_of_it = attempt.record().state == store::post_state::settled;
        if (nothing_came_of_it)
            (void)co_await ledger_.release_draft(tiktok.user(), what.id, attempt.name(),
                                                 deadline::in(steady_now(), write_time));
        co_return done.error();
    }
    attempt.record().size_bytes = done->plan.size_bytes;
    attempt.record().sha256 = done->sent.sha256;
    post_answer out = answer_of_post(done->id, std::string(processing_upload), what.id);
    tell_privacy(attempt.record(), out.privacy_level, out.warnings);
    auto settled = co_await attempt.settle(processing_upload);
    const bool linked = co_await link(std::move(draft), done->id);
    if (!settled || !linked) out.warnings.emplace_back(not_written_down);
    co_return out;
}

/// What the ledger and TikTok know of the draft, in this order.
task<result<found_draft>> publisher::find_draft(user_api::bound_api& tiktok, publish_request what,
                                                post_origin by) {
    found_draft out;
    auto known = co_await ledger_.find(tiktok.user(), what.id, tiktok.until());
    if (!known) co_return known.error();
    tiktok.record().publish_id = what.id.text();
    if (*known && !(*known)->published_as.empty()) {
        auto earlier = co_await earlier_post(tiktok, std::move(what), (*known)->published_as, by.now);
        if (!earlier) co_return earlier.error();
        out.existing = std::move(*earlier);
        co_return std::move(out);
    }

    auto at = co_await status(tiktok, what.id, by.now);
    if (!at) co_return at.error();
    if (auto as_it_stands = answer_as_it_stands(what, *at, known->get())) {
        if (!*as_it_stands) co_return as_it_stands->error();
        out.existing = std::move(**as_it_stands);
        co_return std::move(out);
    }

    if (!what.direct_post || !*known || (*known)->file.empty()) co_return only_the_creator(what.id);
    auto bytes =
        co_await files_.open((*known)->caller, file_id::trusted((*known)->file), by.now, tiktok.until());
    if (!bytes && bytes.error().code() == errc::no_such_file) co_return only_the_creator(what.id);
    if (!bytes) co_return bytes.error();
    // status() may have changed the record meanwhile.
    auto draft = co_await ledger_.find(tiktok.user(), what.id, tiktok.until());
    if (!draft) co_return draft.error();
    if (!*draft) co_return only_the_creator(what.id);
    out.draft = **draft;
    out.bytes = std::move(*bytes);
    co_return std::move(out);
}

task<result<post_answer>> publisher::publish_draft(user_api::bound_api& tiktok, publish_request what,
                                                   post_origin by) {
    auto found = co_await find_draft(tiktok, what, by);
    if (!found) co_return found.error();
    if (found->existing) co_return std::move(*found->existing);
    co_return co_await post_draft(tiktok, std::move(what), std::move(found->draft), std::move(found->bytes),
                                  std::move(by));
}

/// The steps of publish_draft() and post_draft() before anything is written down.
task<result<void>> publisher::try_draft(user_api::bound_api& tiktok, publish_request what, post_origin by,
                                        verdict& out) {
    const auto found = co_await find_draft(tiktok, what, by);
    if (!found) co_return found.error();
    out.existing = found->existing;
    if (out.existing) co_return result<void>{};
    tiktok::post_info wanted = read_settings(found->draft.settings);
    apply_settings(wanted, what.settings);
    const auto info = complete_direct(std::move(wanted), default_privacy_level_);
    if (!info) co_return info.error();
    const auto claimed = co_await ledger_.find_draft_claim(tiktok.user(), what.id, tiktok.until());
    if (!claimed) co_return claimed.error();
    if (*claimed) {
        const auto earlier = co_await earlier_attempt(tiktok, std::move(what), **claimed, by.now);
        if (earlier && !*earlier) co_return earlier->error();
        if (earlier) out.existing = **earlier;
    }
    if (!out.existing) out.draft_level = info->privacy_level;
    co_return result<void>{};
}

} // namespace gateway::posts
