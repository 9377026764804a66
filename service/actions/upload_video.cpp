// TIKTOK_UPLOAD_VIDEO: a raw body, a multipart body, staged bytes or a URL, to the creator's inbox or posted
// at once (docs/contract.md §5).
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "actions/verdict.hpp"

#include <algorithm>
#include <utility>

namespace gateway::actions {
namespace {

/// The input itself or a member of it, but not another input whose name begins with it.
bool faulty(const std::vector<field_fault>& faults, std::string_view field) {
    return std::any_of(faults.begin(), faults.end(), [field](const field_fault& each) {
        return each.field.starts_with(field)
               && (each.field.size() == field.size() || each.field[field.size()] == '.');
    });
}

void check_upload(const given_inputs& all, std::vector<field_fault>& faults) {
    const auto& given = all.good;
    const bool file = given.has("file_to_upload");
    const bool url = given.has("video_url");
    if (all.came_with_bytes) {
        for (const std::string_view name : {"file_to_upload", "video_url"})
            if (given.has(name))
                faults.push_back({std::string(name), "cannot be given: the body already is the video"});
    } else if (file && url) {
        faults.push_back({"video_url", "cannot be given together with file_to_upload"});
    } else if (!file && !url && !faulty(faults, "file_to_upload") && !faulty(faults, "video_url")) {
        faults.push_back(
            {"file_to_upload", "is required, unless video_url is given or the body is the video"});
    }
    if (given.flag("publish")) check_branded_content(all, faults);
}

task<result<answer>> upload_video(call& c, posts::publisher& posts) {
    auto what = upload_request_of(c.input);
    what.body = c.body.source;
    what.body_staged_in = c.body.staged_in;
    if (const auto files = c.input.files("file_to_upload"); !files.empty()) what.file = files.front().id;
    what.url = c.input.text("video_url");
    auto by = post_origin_of(c);
    if (c.dry) {
        auto of = dry_call_of(c);
        const auto tried = co_await posts.try_upload(std::move(of), std::move(what), std::move(by));
        if (!tried) co_return tried.error();
        co_return verdict_answer(c, *tried);
    }
    const auto done = co_await posts.upload_video(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    co_return json_answer(to_json(*done));
}

} // namespace

row upload_video_row() {
    static constexpr input own[] = {
        {.name = "file_to_upload", .type = kind::file},
        {.name = "video_url", .type = kind::url},
        dry_run_input,
    };
    static constexpr auto inputs = with_upload_inputs(own);
    return {.slug = "TIKTOK_UPLOAD_VIDEO",
            .method = verb::post,
            .path = "/v1/users/{user_id}/videos",
            .takes = body::upload,
            .inputs = inputs,
            .also_checks = check_upload,
            .scope = upload_scope,
            .takes_time = deadline_class::upload,
            .writes = true,
            .replays = true,
            .recovers = {.from_post = outcome_of_upload},
            .needs_connection = true,
            .body_bytes_max =
                (4ULL << 30)
                + (256ULL << 10), // TikTok takes 4 GiB (docs/tiktok-wire.md §5.1 C8); a form adds its parts
            .run = upload_video};
}

} // namespace gateway::actions
