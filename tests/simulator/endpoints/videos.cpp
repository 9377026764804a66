// POST /v2/video/list/ and /v2/video/query/ (docs/tiktok-wire.md §2.2, §2.3, W7).
#include "endpoints/display.hpp"
#include "endpoints/endpoints.hpp"
#include "endpoints/fields.hpp"
#include "endpoints/video_fields.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <limits>

namespace gateway::simulator {

namespace {

/// Token, scope, window and fields, in that order; the refusal, or nothing.
struct display_call {
    const account* user = nullptr;
    string_list fields;
    boost::json::object body;
    std::optional<answer> refusal;
};

display_call begin(call& c, const std::string& endpoint) {
    display_call begun;
    const grant* consent = authenticate(c);
    if (!consent) {
        begun.refusal = refuse_token(c);
        return begun;
    }
    if (!has_scope(*consent, "video.list")) {
        begun.refusal = refuse_scope(c);
        return begun;
    }
    if (const auto wait = take_display_place(c, endpoint)) {
        begun.refusal = refuse_rate(c, *wait);
        return begun;
    }
    begun.user = c.w.find_account(consent->username);
    const auto fields = requested_fields(c);
    const auto body = json_body(c);
    if (!fields) {
        begun.refusal = refuse_params(c, "The fields parameter is missing.");
    } else if (!std::all_of(fields->begin(), fields->end(),
                            [](const auto& one) { return is_video_field(one); })) {
        begun.refusal = refuse_params(c, "One of the fields is not valid.");
    } else if (!body) {
        begun.refusal = refuse_params(c, "The body is not valid JSON.");
    } else {
        begun.fields = *fields;
        begun.body = *body;
    }
    return begun;
}

/// An optional number: absent, null and zero are `otherwise` (W7); nothing when it is not an integer.
std::optional<std::int64_t> integer(const boost::json::object& from, std::string_view key,
                                    std::int64_t otherwise) {
    const auto* found = from.if_contains(key);
    if (!found || found->is_null()) return otherwise;
    if (!found->is_int64()) return std::nullopt;
    return found->as_int64() == 0 ? otherwise : found->as_int64();
}

} // namespace

answer list_videos(call& c) {
    const display_call begun = begin(c, "video/list");
    if (begun.refusal) return *begun.refusal;
    constexpr std::int64_t count_most = 20;
    constexpr std::int64_t first_page = std::numeric_limits<std::int64_t>::max();
    const auto cursor_ms = integer(begun.body, "cursor", first_page);
    auto max_count = integer(begun.body, "max_count", 10);
    if (!cursor_ms || *cursor_ms < 0) return refuse_params(c, "The cursor is not valid.");
    const bool clamps = c.w.config.choice.max_count_out_of_range == "clamp";
    if (max_count && clamps) max_count = std::clamp<std::int64_t>(*max_count, 1, count_most);
    if (!max_count || *max_count < 1 || *max_count > count_most)
        return refuse_params(c, "The max_count is not valid.");
    // A page of TikTok may be short although more videos follow.
    const std::int64_t page = c.w.config.choice.short_pages == "yes" ? (*max_count + 1) / 2 : *max_count;

    boost::json::array shown;
    std::int64_t next_ms = *cursor_ms == first_page ? unix_ms(c.w.now()) : *cursor_ms;
    bool more = false;
    for (const video& one : begun.user->videos) {
        if (one.create_time_ms >= *cursor_ms) continue;
        more = static_cast<std::int64_t>(shown.size()) == page;
        if (more) break;
        shown.push_back(*shown_fields(one, *begun.user, begun.fields, c.w.now()));
        next_ms = one.create_time_ms;
    }
    return succeed(c, {{"videos", std::move(shown)}, {"cursor", next_ms}, {"has_more", more}});
}

answer query_videos(call& c) {
    const display_call begun = begin(c, "video/query");
    if (begun.refusal) return *begun.refusal;
    constexpr std::size_t ids_most = 20;
    const auto* filters = begun.body.if_contains("filters");
    const auto* ids =
        filters && filters->is_object() ? filters->as_object().if_contains("video_ids") : nullptr;
    if (!ids || !ids->is_array()) return refuse_params(c, "The filters.video_ids are missing.");
    if (ids->as_array().empty() || ids->as_array().size() > ids_most) {
        return refuse_params(c, "The number of video_ids is not valid.");
    }
    boost::json::array shown;
    for (const boost::json::value& id : ids->as_array()) {
        if (!id.is_string()) return refuse_params(c, "The video_ids are not valid.");
        for (const video& one : begun.user->videos) {
            if (id.as_string() == one.id)
                shown.push_back(*shown_fields(one, *begun.user, begun.fields, c.w.now()));
        }
    }
    return succeed(c, {{"videos", std::move(shown)}, {"cursor", 0}, {"has_more", false}});
}

} // namespace gateway::simulator
