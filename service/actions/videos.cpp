// TIKTOK_LIST_VIDEOS and TIKTOK_QUERY_VIDEOS (docs/tiktok-wire.md §2.2, §2.3). The pipeline has chosen the
// acting user, also by `creator_id`.
#include "actions/rows.hpp"
#include "base/text.hpp"
#include "tiktok/fields.hpp"
#include "tiktok/requests.hpp"
#include "user_api/bound_api.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace gateway::actions {
namespace {

constexpr std::string_view cursors[] = {"cursor"};

std::optional<std::int64_t> milliseconds_of(const std::string& cursor) {
    const auto number = parse_number<std::int64_t>(cursor);
    return number.value_or(-1) < 0 ? std::nullopt : number;
}

void check_cursor(const given_inputs& all, std::vector<field_fault>& faults) {
    const auto& given = all.good;
    if (given.has("cursor") && !milliseconds_of(given.text("cursor")))
        faults.push_back(
            {"cursor", "must be the cursor of an earlier page: a time in milliseconds, digits only"});
}

task<result<answer>> list_videos(call& c) {
    const auto fields = tiktok::video_fields(c.input.texts("fields"), c.granted);
    if (!fields) co_return fields.error();
    std::optional<std::int64_t> cursor;
    if (c.input.has("cursor")) cursor = milliseconds_of(c.input.text("cursor"));
    const auto max_count = static_cast<std::int32_t>(c.input.integer("max_count"));
    auto what = tiktok::video_list_request(*fields, cursor, max_count);
    auto page = co_await c.tiktok->call(std::move(what));
    if (!page) co_return page.error();
    passed_through out{.from = std::move(*page), .as_strings = cursors};
    co_return answer{std::move(out)};
}

task<result<answer>> query_videos(call& c) {
    const auto fields = tiktok::video_fields(c.input.texts("fields"), c.granted);
    if (!fields) co_return fields.error();
    auto what = tiktok::video_query_request(*fields, c.input.texts("video_ids"));
    auto found = co_await c.tiktok->call(std::move(what));
    if (!found) co_return found.error();
    passed_through out{.from = std::move(*found), .as_strings = cursors};
    co_return answer{std::move(out)};
}

} // namespace

row list_videos_row() {
    static const input inputs[] = {
        {.name = "cursor", .type = kind::text, .min = 1, .max = 19},
        {.name = "max_count", .type = kind::integer, .min = 1, .max = 20, .fallback = "20"},
        {.name = "creator_id", .type = kind::text, .min = 1, .max = 64},
        {.name = "fields", .type = kind::fields, .choices = tiktok::all_video_fields()},
    };
    return {.slug = "TIKTOK_LIST_VIDEOS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/videos",
            .inputs = inputs,
            .also_checks = check_cursor,
            .scope = {tiktok::row_of(tiktok::endpoint::video_list).scope},
            .needs_connection = true,
            .run = list_videos};
}

row query_videos_row() {
    static const input inputs[] = {
        {.name = "video_ids", .type = kind::text_list, .required = true, .min = 1, .max = 20},
        {.name = "fields", .type = kind::fields, .choices = tiktok::all_video_fields()},
    };
    return {.slug = "TIKTOK_QUERY_VIDEOS",
            .method = verb::post,
            .path = "/v1/users/{user_id}/videos/query",
            .takes = body::json,
            .inputs = inputs,
            .scope = {tiktok::row_of(tiktok::endpoint::video_query).scope},
            .needs_connection = true,
            .run = query_videos};
}

} // namespace gateway::actions
