// TIKTOK_POST_PHOTO (docs/tiktok-wire.md §4.4): photos that TikTok pulls, posted at once or sent to the
// creator's editor.
#include "actions/ledger_answer.hpp"
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "actions/verdict.hpp"

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace {

bool direct(const checked_input& given) {
    return given.text("post_mode") == "DIRECT_POST";
}

void check_photos(const given_inputs& all, std::vector<field_fault>& faults) {
    const auto* images = all.as_given.if_contains("photo_images"); // also if one of them is not a URL
    const auto count = images && images->is_array() ? images->get_array().size() : 0;
    const auto cover = all.good.integer("photo_cover_index");
    if (count > 0 && cover >= static_cast<std::int64_t>(count))
        faults.push_back({"photo_cover_index", "must point into photo_images, which holds "
                                                   + std::to_string(count) + "; the first has index 0"});
    if (direct(all.good)) check_branded_content(all, faults);
}

task<result<answer>> post_photo(call& c, posts::publisher& posts) {
    posts::photos_request what;
    what.urls = c.input.texts("photo_images");
    what.cover_index = static_cast<std::uint32_t>(c.input.integer("photo_cover_index"));
    what.direct = direct(c.input);
    what.info = post_info_of(c.input);
    auto by = post_origin_of(c);
    if (c.dry) {
        auto of = dry_call_of(c);
        const auto tried = co_await posts.try_photos(std::move(of), std::move(what), std::move(by));
        if (!tried) co_return tried.error();
        co_return verdict_answer(c, *tried);
    }
    const auto done = co_await posts.post_photos(*c.tiktok, std::move(what), std::move(by));
    if (!done) co_return done.error();
    co_return json_answer(to_json(*done, false));
}

} // namespace

row post_photo_row() {
    static const input inputs[] = {
        {.name = "photo_images", .type = kind::url_list, .required = true, .min = 1, .max = 35},
        {.name = "photo_cover_index", .type = kind::integer, .required = true, .max = 34},
        {.name = "title", .type = kind::text, .max = 90, .multiline = true},
        {.name = "description", .type = kind::text, .max = 4000, .multiline = true},
        {.name = "post_mode",
         .type = kind::choice,
         .choices = "DIRECT_POST|MEDIA_UPLOAD",
         .fallback = "MEDIA_UPLOAD"},
        privacy_input,
        switch_input("auto_add_music"),
        switch_input("disable_comment"),
        switch_input("brand_content_toggle"),
        switch_input("brand_organic_toggle"),
        switch_input("is_aigc", {}),
        dry_run_input,
    };
    return {.slug = "TIKTOK_POST_PHOTO",
            .method = verb::post,
            .path = "/v1/users/{user_id}/photos",
            .takes = body::json,
            .inputs = inputs,
            .also_checks = check_photos,
            .scope = {"video.upload", "post_mode", "DIRECT_POST", "video.publish"},
            .takes_time = deadline_class::post,
            .writes = true,
            .replays = true,
            .recovers = {.from_post = outcome_of_post},
            .needs_connection = true,
            .run = post_photo};
}

} // namespace gateway::actions
