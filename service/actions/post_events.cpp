// GATEWAY_POST_EVENTS: the life of a post as server-sent events (docs/contract.md §12): the bytes of its
// upload, its states, and its end. Whoever comes again after the end is told that there is nothing more.
#include "actions/rows.hpp"
#include "actions/status_object.hpp"
#include "api/live_answer.hpp"
#include "base/append.hpp"
#include "base/json/values.hpp"
#include "posts/post_watch.hpp"
#include "posts/publisher.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/endpoint.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::actions {
namespace {

constexpr seconds first_look_within{10};
/// A comment line shows both sides that the connection is alive.
constexpr seconds silent_max{15};
constexpr std::string_view comment = ":\n\n";
constexpr std::string_view end_prefix = "end-";

/// JSON without line breaks, as serialize_json gives it.
void put_event(std::string& out, std::string_view name, std::string_view id, std::string_view data) {
    append_all(out, "event: ", name, "\n");
    if (!id.empty()) append_all(out, "id: ", id, "\n");
    append_all(out, "data: ", data, "\n\n");
}

/// What was told to this client.
class told_events {
public:
    told_events(const publish_id& post, std::string_view last_id) : post_(post), state_(last_id) {}

    static std::string end_of(std::string_view state) { return std::string(end_prefix).append(state); }

    /// The events that are new in `now`; empty if there are none.
    std::string news(posts::seen_post now) {
        std::string out;
        if (now.bytes_sent != bytes_ && now.size_bytes > 0) {
            bytes_ = now.bytes_sent;
            const boost::json::object progress{{"bytes_sent", now.bytes_sent}, {"size", now.size_bytes}};
            put_event(out, "progress", {}, serialize_json(progress));
        }
        const bool is_end = now.is_final();
        if (now.state.empty() || (now.state == state_ && !is_end)) return out;
        const auto known = std::move(now).answer();
        put_status(out, *known, is_end);
        return out;
    }
    void put_status(std::string& out, const posts::status_answer& known, bool is_end) {
        const auto data = status_object(post_, known);
        if (known.state != state_) put_event(out, "state", known.state, data);
        state_ = known.state;
        if (is_end) put_event(out, "end", end_of(known.state), data);
    }

private:
    const publish_id& post_;
    std::string state_;
    std::uint64_t bytes_ = 0;
};

/// The client's last event is this end, which the post still has.
bool heard_the_end(const call& c, std::string_view state) {
    return c.live->last_event_id() == told_events::end_of(state);
}

/// The user is not connected, or their connection has ended: an end that is known is told nevertheless, as by
/// the status.
task<result<answer>> send_known_end(call& c, posts::publisher& posts) {
    const auto known = co_await posts.known_end(c.user, c.post, c.until);
    if (!known || !*known) co_return *c.refused;
    if (heard_the_end(c, (*known)->state)) co_return answer{no_content{}};
    std::string events;
    told_events(c.post, c.live->last_event_id()).put_status(events, **known, true);
    const bool is_heard = co_await c.live->begin("text/event-stream");
    if (is_heard) (void)co_await c.live->send(events);
    co_return answer{all_sent{}};
}

/// Ends early if the client has closed its side: what is sent then shows whether it still reads.
task<void> wait_for_news(posts::post_watch::place& place, std::uint64_t number, deadline until,
                         const api::live_answer& to) {
    bool is_over = false;
    while (!is_over) {
        (void)co_await place.wait(number, api::next_look_at_client(until));
        is_over = place.now().number != number || until.passed(steady_now()) || to.client_has_closed();
    }
}

task<result<answer>> watch_events(call& c, posts::post_watch& watch) {
    auto place = watch.join(c.user, c.post);
    (void)co_await place.wait(0, deadline::in(steady_now(), first_look_within).no_later_than(c.until));
    auto seen = place.now();
    if (seen.state.empty()) {
        auto why = std::move(seen).answer();
        co_return why.error();
    }
    if (seen.is_final() && heard_the_end(c, seen.state)) co_return answer{no_content{}};
    told_events told(c.post, c.live->last_event_id());
    bool is_heard = co_await c.live->begin("text/event-stream");
    while (is_heard) {
        const auto number = seen.number;
        const bool is_last = seen.is_final() || seen.leaving || c.until.passed(steady_now());
        auto events = told.news(std::move(seen));
        if (events.empty() && !is_last) events = comment;
        if (!events.empty()) is_heard = co_await c.live->send(events);
        if (is_last) break;
        const auto began = steady_now();
        const auto silent_until = deadline::in(began, silent_max).no_later_than(c.until);
        co_await wait_for_news(place, number, silent_until, *c.live);
        c.record.waited += std::chrono::duration_cast<milliseconds>(steady_now() - began);
        seen = place.now();
    }
    co_return answer{all_sent{}};
}

task<result<answer>> send_events(call& c, posts::publisher& posts, posts::post_watch& watch) {
    return c.refused ? send_known_end(c, posts) : watch_events(c, watch);
}

} // namespace

row post_events_row() {
    return {.slug = "GATEWAY_POST_EVENTS",
            .method = verb::get,
            .path = "/v1/users/{user_id}/posts/{publish_id}/events",
            .scope = {tiktok::row_of(tiktok::endpoint::status_fetch).scope},
            .takes_time = deadline_class::stream,
            .needs_connection = true,
            .ledger_may_answer = true,
            .run = send_events};
}

} // namespace gateway::actions
