// GATEWAY_LIST_POSTS: what this gateway posted for the user, from the ledger; TikTok is not asked.
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "base/json/write.hpp"
#include "connections/desk.hpp"
#include "posts/public_ids.hpp"

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace {

void append_text(std::string& out, std::string_view key, std::string_view text) {
    append_json_key(out, key);
    append_text_or_null(out, text);
}

std::string to_json(const store::post_record& post) {
    std::string out = "{";
    append_text(out, "publish_id", post.id.text());
    append_text(out, "action", post.action);
    append_text(out, "kind", post.kind);
    append_text(out, "state", posts::state_of(post));
    append_text(out, "status", post.status);
    append_text(out, "fail_reason", post.fail_reason);
    append_text(out, "draft_publish_id", post.draft.text());
    append_text(out, "published_as", post.published_as.text());
    append_json_key(out, "publicaly_available_post_id");
    out += json_list(posts::public_ids(post.post_ids).visible());
    append_json_key(out, "size");
    append_json_number(out, static_cast<std::int64_t>(post.size_bytes));
    append_text(out, "sha256", post.sha256);
    append_text(out, "created_at", rfc3339(post.created_at));
    append_text(out, "updated_at", rfc3339(post.updated_at));
    return out += '}';
}

task<result<answer>> list_posts(call& c, connections::desk& connections, posts::publisher& posts) {
    // A user nobody connected has no list, not an empty one.
    const auto known = co_await connections.show(c.user, c.until);
    if (!known) co_return known.error();
    auto cursor = c.input.text("cursor");
    const auto page = co_await posts.list(c.user, std::move(cursor),
                                          static_cast<std::uint32_t>(c.input.integer("limit")), c.until);
    if (!page) co_return page.error();
    object out{.json = R"({"posts":[)"};
    for (const auto& post : page->rows) {
        if (&post != &page->rows.front()) out.json += ',';
        out.json += to_json(post);
    }
    out.json += ']';
    append_text(out.json, "next_cursor", page->next);
    out.json += '}';
    co_return answer{std::move(out)};
}

} // namespace

row list_posts_row() {
    static const input inputs[] = {
        {.name = "limit", .type = kind::integer, .min = 1, .max = 100, .fallback = "100"},
        {.name = "cursor", .type = kind::text, .min = 1, .max = 512},
    };
    return {.slug = "GATEWAY_LIST_POSTS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts",
            .inputs = inputs,
            .run = list_posts};
}

} // namespace gateway::actions
