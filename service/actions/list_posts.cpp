// GATEWAY_LIST_POSTS: the posts made through this gateway for the user, from the ledger; TikTok is not asked.
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "base/json/values.hpp"
#include "connections/connection_service.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/public_ids.hpp"

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace json = boost::json;
namespace {

/// A row of an earlier version has only the time of its last change.
std::string end_of(const store::post_record& post) {
    if (!posts::is_end(post.status)) return {};
    return rfc3339(post.ended_at == wall_time{} ? post.updated_at : post.ended_at);
}

json::object object_of(const store::post_record& post) {
    return {{"publish_id", json_text_or_null(post.id.text())},
            {"action", json_text_or_null(post.action)},
            {"kind", json_text_or_null(post.kind)},
            {"state", json_text_or_null(posts::state_of(post))},
            {"status", json_text_or_null(post.status)},
            {"privacy_level", json_text_or_null(posts::privacy_level_of(post))},
            {"fail_reason", json_text_or_null(post.fail_reason)},
            {"draft_publish_id", json_text_or_null(post.draft.text())},
            {"published_as", json_text_or_null(post.published_as.text())},
            {"publicaly_available_post_id", json_list(posts::public_ids(post.post_ids).visible())},
            {"size", post.size_bytes},
            {"sha256", json_text_or_null(post.sha256)},
            {"created_at", rfc3339(post.created_at)},
            {"updated_at", rfc3339(post.updated_at)},
            {"ended_at", json_text_or_null(end_of(post))}};
}

/// A user without posts must be connected, so that a wrong name gets a failure and not an empty list. Whoever
/// was disconnected is known by the posts that the ledger still has.
task<result<void>> is_known(const call& c, connections::connection_service& connections,
                            posts::publisher& posts) {
    const auto connected = co_await connections.show(c.user, c.until);
    if (connected) co_return result<void>{};
    const std::string beginning;
    if (c.input.text("cursor") == beginning) co_return connected.error(); // that page was empty
    const auto any = co_await posts.list(c.user, beginning, 1, c.until);
    if (any && !any->rows.empty()) co_return result<void>{};
    co_return connected.error();
}

task<result<answer>> list_posts(call& c, connections::connection_service& connections,
                                posts::publisher& posts) {
    auto cursor = c.input.text("cursor");
    if (!cursor.empty() && !is_ulid(cursor)) co_return no_cursor_of_ours();
    const auto page = co_await posts.list(c.user, std::move(cursor),
                                          static_cast<std::uint32_t>(c.input.integer("limit")), c.until);
    if (!page) co_return page.error();
    if (page->rows.empty()) {
        const auto known = co_await is_known(c, connections, posts);
        if (!known) co_return known.error();
    }
    json::array all;
    for (const auto& post : page->rows)
        all.push_back(object_of(post));
    const json::object content{{"posts", std::move(all)}, {"next_cursor", json_text_or_null(page->next)}};
    co_return json_answer(serialize_json(content));
}

} // namespace

row list_posts_row() {
    return {.slug = "GATEWAY_LIST_POSTS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts",
            .inputs = page_inputs,
            .run = list_posts};
}

} // namespace gateway::actions
