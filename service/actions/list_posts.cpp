// GATEWAY_LIST_POSTS: the posts made through this gateway for the user, from the ledger; TikTok is not asked.
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "api/problem.hpp"
#include "base/json/values.hpp"
#include "base/utf.hpp"
#include "connections/connection_service.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/public_ids.hpp"
#include "telemetry/call_record.hpp"

#include <boost/json/parse.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace gateway::actions {
namespace json = boost::json;
namespace {

/// A row of an earlier version has only the time of its last change.
std::string end_of(const store::post_record& post) {
    if (!posts::is_end(post.status)) return {};
    return rfc3339(post.ended_at == wall_time{} ? post.updated_at : post.ended_at);
}

/// As many code points at most, so that none is cut.
std::string_view first_characters(std::string_view text, std::size_t count) {
    auto rest = text;
    while (count-- > 0 && !rest.empty())
        take_utf8(rest);
    return text.substr(0, text.size() - rest.size());
}

/// Photos have a title and a description instead.
std::string caption_of(const store::post_record& post) {
    constexpr std::size_t shown = 80;
    const auto info = posts::read_settings(post.settings);
    const auto& text = !info.caption.empty() ? info.caption
                       : !info.title.empty() ? info.title
                                             : info.description;
    return std::string(first_characters(text, shown));
}

/// What a call that asks for this post would be refused with; nothing for one that goes well.
std::optional<failure> refusal_of(const store::post_record& post) {
    if (post.state == store::post_state::outcome_unknown)
        return failure(errc::outcome_unknown, "TikTok may have posted it.").may_have_reached_tiktok();
    if (post.status == posts::failed) return posts::post_failed(post.fail_reason);
    return std::nullopt;
}

json::value problem_of(const store::post_record& post, std::string_view request_id) {
    const auto why = refusal_of(post);
    if (!why) return {};
    std::string text;
    api::append_problem(text, *why, request_id);
    return json::parse(text);
}

json::object object_of(const store::post_record& post, std::string_view request_id) {
    return {{"publish_id", json_text_or_null(post.id.text())},
            {"action", json_text_or_null(post.action)},
            {"kind", json_text_or_null(post.kind)},
            {"state", json_text_or_null(posts::state_of(post))},
            {"status", json_text_or_null(post.status)},
            {"privacy_level", json_text_or_null(posts::privacy_level_of(post))},
            {"caption", json_text_or_null(caption_of(post))},
            {"file_id", json_text_or_null(post.file)},
            {"fail_reason", json_text_or_null(post.fail_reason)},
            {"draft_publish_id", json_text_or_null(post.draft.text())},
            {"published_as", json_text_or_null(post.published_as.text())},
            {"publicaly_available_post_id", json_list(posts::public_ids(post.post_ids).visible())},
            {"post_ids", json_list(posts::public_ids(post.post_ids).visible())},
            {"size", post.size_bytes},
            {"sha256", json_text_or_null(post.sha256)},
            {"created_at", rfc3339(post.created_at)},
            {"updated_at", rfc3339(post.updated_at)},
            {"ended_at", json_text_or_null(end_of(post))},
            {"problem", problem_of(post, request_id)}};
}

/// A user without posts must be connected, so that a wrong name gets a failure and not an empty list. Whoever
/// was disconnected is known by the posts that the ledger still has.
task<result<void>> is_known(const call& c, connections::connection_service& connections,
                            posts::publisher& posts) {
    const auto connected = co_await connections.show(c.user, c.until);
    if (connected) co_return result<void>{};
    const store::post_filter everything;
    const std::string beginning;
    const auto any = co_await posts.list(c.user, everything, beginning, 1, c.until);
    if (any && !any->rows.empty()) co_return result<void>{};
    co_return connected.error();
}

task<result<answer>> list_posts(call& c, connections::connection_service& connections,
                                posts::publisher& posts) {
    auto cursor = c.input.text("cursor");
    if (!cursor.empty() && !is_ulid(cursor)) co_return no_cursor_of_ours();
    const store::post_filter which{
        .state = c.input.text("state"), .since = c.input.time("since"), .until = c.input.time("until")};
    const auto page = co_await posts.list(c.user, which, std::move(cursor),
                                          static_cast<std::uint32_t>(c.input.integer("limit")), c.until);
    if (!page) co_return page.error();
    if (page->rows.empty()) {
        const auto known = co_await is_known(c, connections, posts);
        if (!known) co_return known.error();
    }
    json::array all;
    for (const auto& post : page->rows)
        all.push_back(object_of(post, c.record.request_id));
    const json::object content{{"posts", std::move(all)}, {"next_cursor", json_text_or_null(page->next)}};
    co_return json_answer(serialize_json(content));
}

} // namespace

row list_posts_row() {
    static constexpr input own[] = {
        {.name = "state",
         .type = kind::choice,
         .choices = "processing|in_inbox|published|failed|unconfirmed"},
        {.name = "since", .type = kind::time},
        {.name = "until", .type = kind::time},
        page_inputs[0],
        page_inputs[1],
    };
    return {.slug = "GATEWAY_LIST_POSTS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts",
            .inputs = own,
            .run = list_posts};
}

} // namespace gateway::actions
