// TIKTOK_FETCH_PUBLISH_STATUS (docs/tiktok-wire.md §6) and the cancel of a running pull (docs/tiktok-wire.md
// §4.6).
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "base/append.hpp"
#include "base/json/values.hpp"
#include "tiktok/requests.hpp"

#include <utility>

namespace gateway::actions {
namespace {

// TikTok's spelling, and the correct one, in case TikTok changes it.
constexpr std::string_view post_id_lists[] = {"publicaly_available_post_id", "publicly_available_post_id"};
// Our members; removed from TikTok's answer in case it ever has members of these names.
constexpr std::string_view our_members[] = {"publish_id", "state"};

/// Neither ids nor states need escapes.
worker_string our_part(const publish_id& id, std::string_view state) {
    worker_string out;
    append_all(out, R"("publish_id":")", id.text(), R"(","state":")", state, "\"");
    return out;
}

std::string told_by_ledger(const publish_id& id, const posts::status_answer& known) {
    boost::json::object out{{"status", std::string_view(known.status)}};
    if (!known.fail_reason.empty()) out["fail_reason"] = known.fail_reason;
    out[post_id_lists[0]] = json_list(known.post_ids);
    out["publish_id"] = id.text();
    out["state"] = known.state;
    return serialize_json(out);
}

/// The user is not connected, or their connection has ended: an end that is known stays known.
task<result<answer>> fetch_known_end(call& c, posts::publisher& posts) {
    const auto known = co_await posts.known_end(c.user, c.post, c.until);
    if (!known || !*known) co_return *c.refused;
    co_return json_answer(told_by_ledger(c.post, **known));
}

task<result<answer>> fetch_status(call& c, posts::publisher& posts) {
    if (c.refused) co_return co_await fetch_known_end(c, posts);
    auto got = co_await posts.status(*c.tiktok, c.post, c.now);
    if (!got) co_return got.error();
    if (got->raw.bytes.empty()) co_return json_answer(told_by_ledger(c.post, *got));
    auto ours = our_part(c.post, got->state);
    passed_through out{.from = std::move(got->raw),
                       .as_string_lists = post_id_lists,
                       .without = our_members,
                       .extra = std::move(ours)};
    co_return answer{std::move(out)};
}

task<result<answer>> cancel_post(call& c) {
    auto what = tiktok::cancel_request(c.post);
    const auto done = co_await c.tiktok->call(std::move(what));
    if (!done) co_return done.error();
    // TikTok has accepted the request, but not cancelled yet: the status shows when it has.
    const boost::json::object content{{"publish_id", c.post.text()}, {"state", "processing"}};
    co_return json_answer(serialize_json(content));
}

} // namespace

row fetch_publish_status_row() {
    return {.slug = "TIKTOK_FETCH_PUBLISH_STATUS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts/{publish_id}",
            .scope = {tiktok::row_of(tiktok::endpoint::status_fetch).scope},
            .needs_connection = true,
            .ledger_may_answer = true,
            .run = fetch_status};
}

row cancel_post_row() {
    return {.slug = "GATEWAY_CANCEL_POST",
            .method = verb::delete_,
            .path = "/v1/users/{user_id}/posts/{publish_id}",
            .scope = {tiktok::row_of(tiktok::endpoint::cancel).scope},
            .takes_time = deadline_class::post,
            .writes = true,
            .needs_connection = true,
            .run = cancel_post};
}

} // namespace gateway::actions
