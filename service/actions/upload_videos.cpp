// TIKTOK_UPLOAD_VIDEOS: many staged files of one user, a few at a time, paced by TikTok's windows. One bad
// file never sinks the others; each has its own first answer under the call's Idempotency-Key
// (docs/contract.md §5).
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "base/digest.hpp"
#include "base/json/write.hpp"
#include "idempotency/first_answer.hpp"
#include "posts/post_settings.hpp"
#include "runtime/task_group.hpp"
#include "telemetry/call_record.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace gateway::actions {
namespace {

struct file_result {
    bool successful = false;
    std::string json; // one of results[]
};

/// Lives in the frame of the call; the lanes refer to it and end before it.
struct batch {
    call& c;
    std::vector<staged_file> files;
    std::vector<file_result> results;
    std::size_t next = 0;
};

/// `rest`: how it went, as file_outcome_json() has it.
file_result named(const staged_file& file, bool successful, std::string_view rest) {
    file_result out{.successful = successful, .json = R"({"file_name":)"};
    append_json_string(out.json, file.name.empty() ? file.id.text() : file.name);
    out.json.append(",").append(rest).append("}");
    return out;
}

task<result<publish_id>> upload(call& c, file_id file, std::string key) {
    auto what = upload_request_of(c.input);
    what.file = std::move(file);
    auto by = asker_of(c);
    by.idempotency_key = std::move(key);
    by.waits_for_slot = true;
    auto done = co_await c.with.posts.upload_video(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    co_return std::move(done->id);
}

/// What this one file's upload is, apart from the others in the list.
std::string fingerprint_of(const batch& all, std::size_t index) {
    auto shared = all.c.input.values();
    shared.erase("files_to_upload");
    shared.erase("max_workers");
    std::string text(all.c.what.slug);
    text +=
        '\n' + all.c.user.text() + '\n' + boost::json::serialize(shared) + '\n' + all.files[index].id.text();
    return std::string(as_text(sha256(text)));
}

deadline time_to_remember() {
    return deadline::in(steady_now(), seconds{5});
}

task<file_result> upload_once(batch& all, std::size_t index) {
    auto& c = all.c;
    const auto& file = all.files[index];
    const auto& request_id = c.record.request_id;
    if (c.idempotency_key.empty()) {
        const auto done = co_await upload(c, file.id, {});
        co_return named(file, done.has_value(), file_outcome_json(done, request_id));
    }
    auto key = idempotency::key_of_part(c.idempotency_key, index);
    idempotency::first_answer first{c.with.store, caller_name::trusted(c.by.name), key,
                                    fingerprint_of(all, index), request_id};
    const auto earlier = co_await first.claim(c.now, c.until);
    if (!earlier) {
        const result<publish_id> refused = earlier.error();
        co_return named(file, false, file_outcome_json(refused, request_id));
    }
    if (*earlier) {
        c.record.replayed = true;
        co_return named(file, (*earlier)->status == 200, (*earlier)->answer);
    }
    const auto done = co_await upload(c, file.id, std::move(key));
    auto told = file_outcome_json(done, request_id);
    auto out = named(file, done.has_value(), told);
    if (done || idempotency::must_be_remembered(done.error()))
        (void)co_await first.remember(done ? 200 : http_status(done.error().code()), std::move(told),
                                      time_to_remember());
    else
        (void)co_await first.forget(time_to_remember());
    co_return out;
}

task<void> run_lane(batch& all) {
    while (all.next < all.files.size()) {
        const auto index = all.next++;
        all.results[index] = co_await upload_once(all, index);
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
    out.json += "]}";
    if (failed != 0)
        out.partial_failure = std::to_string(failed) + " of " + std::to_string(all.results.size())
                              + " files were not uploaded; results says which and why.";
    return out;
}

task<result<answer>> upload_videos(call& c) {
    if (c.input.flag("publish")) { // before any file is touched: it is the same fault for all of them
        const auto fits =
            posts::complete_direct(video_post_info(c.input), c.with.settings.tiktok.default_privacy_level);
        if (!fits) co_return fits.error();
    }
    batch all{.c = c, .files = c.input.files("files_to_upload")};
    all.results.resize(all.files.size());
    const auto lanes = std::min(all.files.size(), static_cast<std::size_t>(c.input.integer("max_workers")));

    // The lanes refer to this frame, so it stays until the last one has ended: the pipeline lets no
    // cancellation into a write, and the lanes' own waits are bounded by the call's deadline.
    const executor_type home = co_await boost::asio::this_coro::executor;
    task_group group{home};
    for (std::size_t lane = 0; lane < lanes; ++lane)
        group.spawn(run_lane(all));
    bool ended = false;
    while (!ended)
        ended = co_await group.wait_empty(deadline::in(steady_now(), seconds{60}));
    if (group.first_fault()) std::rethrow_exception(group.first_fault());
    auto out = summary(all);
    co_return answer{std::move(out)};
}

void check_batch(const given_inputs& all, std::vector<field_fault>& faults) {
    if (all.good.flag("publish")) check_branded_content(all.good, faults);
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
            .takes_time = pace::batch,
            .writes = true,
            .replays = true,
            .needs_connection = true,
            .run = upload_videos};
}

} // namespace gateway::actions
