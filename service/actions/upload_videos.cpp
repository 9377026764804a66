// TIKTOK_UPLOAD_VIDEOS: many staged files of one user, a few at a time, at the rate of TikTok's windows. The
// failure of one file does not affect the others; each has its own stored answer under the call's
// Idempotency-Key (docs/contract.md §5).
#include "actions/batch_lines.hpp"
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "api/live_answer.hpp"
#include "base/json/write.hpp"
#include "idempotency/fingerprint.hpp"
#include "idempotency/run_once.hpp"
#include "posts/publisher.hpp"
#include "runtime/task_group.hpp"
#include "runtime/turns.hpp"
#include "telemetry/call_record.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

namespace gateway::actions {
namespace {

constexpr std::string_view some_are_not_stored =
    "Not all of these results could be stored yet; the gateway goes on trying, and results says which.";

struct file_result {
    bool successful = false;
    std::string json; // one of results[]
};

/// Lives in the frame of the call; the lanes use it and end before it.
struct batch {
    call& c;
    posts::publisher& posts;
    idempotency::runner& keys;
    std::vector<staged_file> files;
    std::vector<file_result> results;
    std::vector<batch_lines::file*> told; // each file's lines; empty: nobody wants them
    std::size_t next = 0;
    turns preparing{1};
    bool prepared = false;
};

/// What all drafts of the batch need to know is asked by the first one, while the others wait for it.
task<void> prepare(batch& all) {
    if (all.prepared || all.c.input.flag("publish")) co_return;
    const auto turn = co_await all.preparing.take(all.c.until);
    if (!all.prepared) co_await all.posts.prepare_drafts(*all.c.tiktok, all.c.now);
    all.prepared = true;
}

task<outcome> upload(batch& all, std::size_t index, std::string key) {
    auto& c = all.c;
    co_await prepare(all);
    auto what = upload_request_of(c.input);
    what.file = all.files[index].id;
    if (!all.told.empty()) what.observer = all.told[index];
    auto by = post_origin_of(c);
    by.idempotency_key = std::move(key);
    by.waits_for_slot = true;
    auto done = co_await all.posts.upload_video(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    co_return answer{file_answer(*done)};
}

/// The fingerprint of this file's upload.
std::string fingerprint_of(const batch& all, std::size_t index) {
    auto shared = all.c.input.values();
    shared.erase("files_to_upload");
    shared.erase("max_workers");
    return idempotency::fingerprint_of_part(all.c.what.slug, all.c.user.text(), shared,
                                            all.files[index].id.text());
}

idempotency::keyed_write key_of(const batch& all, std::size_t index) {
    auto& c = all.c;
    return {.caller = c.caller(),
            .key = idempotency::key_of_part(c.idempotency_key, index),
            .fingerprint = fingerprint_of(all, index),
            .record = c.record,
            .recovers = c.what.recovers,
            .now = c.now,
            .until = c.until};
}

/// With a key of its own, if the call has one.
task<outcome> upload_once(batch& all, std::size_t index) {
    if (all.c.idempotency_key.empty()) co_return co_await upload(all, index, {});
    auto what = key_of(all, index);
    auto write = upload(all, index, what.key);
    co_return co_await all.keys.run_once(std::move(what), std::move(write));
}

const std::string& name_of(const staged_file& file) {
    return file.name.empty() ? file.id.text() : file.name;
}

file_result result_of(const staged_file& file, const outcome& what, std::string_view request_id) {
    file_result out{.json = R"({"file_name":)"};
    append_json_string(out.json, name_of(file));
    out.json += ',';
    out.successful = write_file_outcome(out.json, what, request_id) == 200;
    out.json += '}';
    return out;
}

task<void> run_lane(batch& all) {
    while (all.next < all.files.size()) {
        const auto index = all.next++;
        if (!all.told.empty()) all.told[index]->step("init");
        const auto done = co_await upload_once(all, index);
        all.results[index] = result_of(all.files[index], done, all.c.record.request_id);
        if (!all.told.empty()) all.told[index]->ended(all.results[index].json);
    }
}

object summary(const batch& all) {
    object out{.json = R"({"results":[)"};
    std::size_t failed = 0;
    for (std::size_t i = 0; i < all.results.size(); ++i) {
        if (i != 0) out.json += ',';
        out.json += all.results[i].json;
        if (!all.results[i].successful) ++failed;
    }
    out.json += R"(],"warnings":[)";
    if (all.c.record.undurable) append_json_string(out.json, some_are_not_stored);
    out.json += "]}";
    if (failed != 0)
        out.partial_failure = std::to_string(failed) + " of " + std::to_string(all.results.size())
                              + " files were not uploaded; results says which and why.";
    return out;
}

/// Nothing can be posted: the files that have an answer under their keys get it again, the others the
/// failure. Without any such file the failure is that of the call.
task<result<answer>> answer_again(batch& all, const failure& refused) {
    const auto& request_id = all.c.record.request_id;
    bool any = false;
    for (std::size_t i = 0; i < all.files.size(); ++i) {
        auto what = key_of(all, i);
        auto earlier = co_await all.keys.earlier(std::move(what));
        any = any || earlier;
        all.results[i] = result_of(all.files[i], earlier ? *earlier : outcome{refused}, request_id);
    }
    if (!any) co_return refused;
    auto out = summary(all);
    co_return answer{std::move(out)};
}

/// Its coroutines refer to a frame, which must stay until the last one has ended.
task<void> wait_until_empty(task_group& group) {
    for (bool ended = false; !ended;) {
        try {
            ended = co_await group.wait_empty(deadline::in(steady_now(), seconds{60}));
        } catch (const std::bad_alloc&) { // it stays
        }
    }
}

/// The lanes refer to the batch, so this returns when the last one has ended: the pipeline passes no
/// cancellation to a write, and the lanes' waits are bounded by the call's deadline.
task<void> run_lanes(batch& all, std::size_t lanes) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    task_group group{home};
    std::vector<task<void>> all_lanes; // made before the first one refers to this frame
    for (std::size_t lane = 0; lane < lanes; ++lane)
        all_lanes.push_back(run_lane(all));
    for (auto& one : all_lanes)
        group.spawn(std::move(one));
    co_await wait_until_empty(group);
    if (group.first_fault()) std::rethrow_exception(group.first_fault());
}

/// A lane more, which tells the client of the others.
task<void> run_told(batch& all, std::size_t lanes) {
    batch_lines lines(*all.c.live);
    for (std::size_t index = 0; index < all.files.size(); ++index) {
        all.told.push_back(&lines.add(index, name_of(all.files[index])));
        all.told.back()->step("waiting");
    }
    const executor_type home = co_await boost::asio::this_coro::executor;
    task_group sending{home};
    sending.spawn(lines.send_all());
    std::exception_ptr fault;
    try {
        co_await run_lanes(all, lanes);
    } catch (...) { // the lines must not outlive this frame
        fault = std::current_exception();
    }
    lines.end();
    co_await wait_until_empty(sending);
    if (fault) std::rethrow_exception(fault);
}

task<result<answer>> upload_videos(call& c, posts::publisher& posts, idempotency::runner& keys) {
    batch all{.c = c, .posts = posts, .keys = keys, .files = c.input.files("files_to_upload")};
    all.results.resize(all.files.size());
    auto refused = c.refused;
    if (!refused && c.input.flag("publish")) { // before any file, because the fault is the same for all
        const auto fits = posts.check_direct(post_info_of(c.input));
        if (!fits) refused = fits.error();
    }
    if (refused && c.idempotency_key.empty()) co_return *refused;
    if (refused) co_return co_await answer_again(all, *refused);
    const auto lanes = std::min(all.files.size(), static_cast<std::size_t>(c.input.integer("max_workers")));
    if (c.live && c.live->accepts(lines_type))
        co_await run_told(all, lanes);
    else
        co_await run_lanes(all, lanes);
    auto out = summary(all);
    co_return answer{std::move(out)};
}

void check_batch(const given_inputs& all, std::vector<field_fault>& faults) {
    if (all.good.flag("publish")) check_branded_content(all, faults);
}

} // namespace

row upload_videos_row() {
    static constexpr input own[] = {
        {.name = "files_to_upload", .type = kind::file_list, .required = true, .min = 1, .max = 100},
        {.name = "max_workers", .type = kind::integer, .min = 1, .max = 16, .fallback = "4"},
    };
    static constexpr auto inputs = with_upload_inputs(own);
    return {.slug = "TIKTOK_UPLOAD_VIDEOS",
            .method = verb::post,
            .path = "/v1/users/{user_id}/videos/batch",
            .takes = body::json,
            .inputs = inputs,
            .also_checks = check_batch,
            .scope = upload_scope,
            .takes_time = deadline_class::batch,
            .writes = true,
            .replays = true,
            .parts_replay = true,
            .recovers = {.from_post = outcome_of_file, .write = write_file_outcome},
            .needs_connection = true,
            .run = upload_videos};
}

} // namespace gateway::actions
