// TIKTOK_PUBLISH_VIDEO: "upload now, publish later". TikTok has no call that publishes a draft; posts/ does
// what is possible (docs/contract.md §5, docs/tiktok-wire.md §9.2).
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "actions/verdict.hpp"

#include <utility>

namespace gateway::actions {
namespace {

task<result<answer>> publish_video(call& c, posts::publisher& posts) {
    posts::publish_request what{c.post, c.input.values(), c.input.flag("direct_post")};
    auto by = post_origin_of(c);
    if (c.dry) {
        auto of = dry_call_of(c);
        const auto tried = co_await posts.try_publish(std::move(of), std::move(what), std::move(by));
        if (!tried) co_return tried.error();
        co_return verdict_answer(c, *tried);
    }
    const auto done = co_await posts.publish_draft(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    co_return json_answer(to_json(*done, true));
}

} // namespace

row publish_video_row() {
    // No defaults: absent values are taken from the settings of the upload.
    static const input inputs[] = {
        caption_input,
        privacy_input,
        switch_input("disable_comment", {}),
        switch_input("disable_duet", {}),
        switch_input("disable_stitch", {}),
        cover_time_input,
        switch_input("brand_content_toggle", {}),
        switch_input("brand_organic_toggle", {}),
        switch_input("is_aigc", {}),
        switch_input("direct_post", "true"),
        dry_run_input,
    };
    return {.slug = "TIKTOK_PUBLISH_VIDEO",
            .method = verb::post,
            .path = "/v1/users/{user_id}/posts/{publish_id}/publish",
            .takes = body::json,
            .inputs = inputs,
            .also_checks = check_branded_content,
            .scope = {tiktok::row_of(tiktok::endpoint::video_init).scope},
            .takes_time = deadline_class::upload, // it may send the kept bytes again
            .writes = true,
            .replays = true,
            .recovers = {.from_post = outcome_of_post},
            .needs_connection = true,
            .run = publish_video};
}

} // namespace gateway::actions
