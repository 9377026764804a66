// TIKTOK_FETCH_PUBLISH_STATUS (docs/tiktok-wire.md §6) and the cancel of a running pull (docs/tiktok-wire.md
// §4.6).
#include "actions/post_inputs.hpp"
#include "actions/rows.hpp"
#include "actions/status_object.hpp"
#include "api/live_answer.hpp"
#include "base/append.hpp"
#include "base/json/values.hpp"
#include "posts/post_watch.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/requests.hpp"

#include <chrono>
#include <utility>

namespace gateway::actions {
namespace {

// TikTok's spelling, and the correct one, in case TikTok changes it.
constexpr std::string_view post_id_lists[] = {"publicaly_available_post_id", "publicly_available_post_id"};
// Our members; removed from TikTok's answer in case it ever has members of these names.
constexpr std::string_view our_members[] = {"publish_id", "state"};

constexpr input wait_input{.name = "wait", .type = kind::integer, .max = 60};

/// Neither ids nor states need escapes.
worker_string our_part(const publish_id& id, std::string_view state) {
    worker_string out;
    append_all(out, R"("publish_id":")", id.text(), R"(","state":")", state, "\"");
    return out;
}

/// The user is not connected, or their connection has ended: an end that is known stays known.
task<result<answer>> fetch_known_end(call& c, posts::publisher& posts) {
    const auto known = co_await posts.known_end(c.user, c.post, c.until);
    if (!known || !*known) co_return *c.refused;
    co_return json_answer(status_object(c.post, **known));
}

/// What is known of the post, as the answer to whoever has waited for it.
result<answer> answer_of(const publish_id& post, const posts::post_watch::place& place) {
    auto got = place.now().answer();
    if (!got) return got.error();
    return json_answer(status_object(post, *got));
}

/// Whether there is something to tell: another state than the first one that was known, or one after which
/// nothing comes.
bool has_news(const posts::post_watch::place& place, std::uint64_t& number, std::string_view& first) {
    const auto seen = place.now();
    number = seen.number;
    if (first.empty()) first = seen.state;
    return seen.is_final() || seen.leaving || seen.state != first;
}

/// However many wait for a post, TikTok is asked once for all. Ends before the call's deadline, at the
/// drain's begin, and when the client has closed its side, since it has mostly left. Thousands wait here at
/// once, so it holds little.
task<result<answer>> wait_for_status(call& c, posts::post_watch& watch, deadline until) {
    auto place = watch.join(c.user, c.post);
    const auto began = steady_now();
    std::string_view first;
    for (std::uint64_t number = 0; !until.passed(steady_now());) {
        (void)co_await place.wait(number, api::next_look_at_client(until));
        if (has_news(place, number, first) || (c.live && c.live->client_has_closed())) break;
    }
    c.record.waited = std::chrono::duration_cast<milliseconds>(steady_now() - began);
    co_return answer_of(c.post, place);
}

task<result<answer>> ask_for_status(call& c, posts::publisher& posts) {
    auto got = co_await posts.status(*c.tiktok, c.post, c.now);
    if (!got) co_return got.error();
    if (got->raw.bytes.empty()) co_return json_answer(status_object(c.post, *got));
    auto ours = our_part(c.post, got->state);
    passed_through out{.from = std::move(got->raw),
                       .as_string_lists = post_id_lists,
                       .without = our_members,
                       .extra = std::move(ours)};
    co_return answer{std::move(out)};
}

task<result<answer>> fetch_status(call& c, posts::publisher& posts, posts::post_watch& watch) {
    const seconds wait{c.input.integer(wait_input.name)};
    if (c.refused) return fetch_known_end(c, posts);
    if (wait == seconds{0}) return ask_for_status(c, posts);
    return wait_for_status(c, watch, deadline::in(steady_now(), wait).no_later_than(c.until));
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
    static const input inputs[] = {wait_input};
    return {.slug = "TIKTOK_FETCH_PUBLISH_STATUS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts/{publish_id}",
            .inputs = inputs,
            .scope = {tiktok::row_of(tiktok::endpoint::status_fetch).scope},
            .needs_connection = true,
            .ledger_may_answer = true,
            .waits_for = wait_input.name,
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
