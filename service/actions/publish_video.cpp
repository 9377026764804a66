// TIKTOK_PUBLISH_VIDEO: "upload now, publish later". TikTok has no call that publishes a draft; posts/ does
// what is possible (docs/contract.md §5, docs/tiktok-wire.md §9.2).
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace {

void check_publish(const given_inputs& all, std::vector<field_fault>& faults) {
    check_branded_content(all.good, faults);
}

std::optional<bool> flag_if_given(const checked_input& given, std::string_view name) {
    if (!given.has(name)) return std::nullopt;
    return given.flag(name);
}

posts::publish_request request_of(const call& c) {
    posts::publish_request what;
    what.id = c.post;
    if (c.input.has("caption")) what.caption = c.input.text("caption");
    if (c.input.has("privacy_level")) what.privacy_level = c.input.text("privacy_level");
    what.disable_comment = flag_if_given(c.input, "disable_comment");
    what.disable_duet = flag_if_given(c.input, "disable_duet");
    what.disable_stitch = flag_if_given(c.input, "disable_stitch");
    what.brand_content_toggle = flag_if_given(c.input, "brand_content_toggle");
    what.brand_organic_toggle = flag_if_given(c.input, "brand_organic_toggle");
    what.is_aigc = flag_if_given(c.input, "is_aigc");
    if (c.input.has("video_cover_timestamp_ms"))
        what.video_cover_timestamp_ms =
            static_cast<std::int32_t>(c.input.integer("video_cover_timestamp_ms"));
    what.direct_post = c.input.flag("direct_post");
    return what;
}

task<result<answer>> publish_video(call& c, posts::publisher& posts) {
    auto what = request_of(c);
    auto by = post_origin_of(c);
    const auto done = co_await posts.publish_draft(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    object out{.json = to_json(*done, true)};
    co_return answer{std::move(out)};
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
    };
    return {.slug = "TIKTOK_PUBLISH_VIDEO",
            .method = verb::post,
            .path = "/v1/users/{user_id}/posts/{publish_id}/publish",
            .takes = body::json,
            .inputs = inputs,
            .also_checks = check_publish,
            .scope = {tiktok::row_of(tiktok::endpoint::video_init).scope},
            .takes_time = deadline_class::upload, // it may send the kept bytes again
            .writes = true,
            .replays = true,
            .recovers = {.from_post = outcome_of_post},
            .needs_connection = true,
            .run = publish_video};
}

} // namespace gateway::actions
