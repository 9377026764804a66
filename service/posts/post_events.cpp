#include "posts/post_events.hpp"

#include "base/json/values.hpp"
#include "posts/post_facts.hpp"
#include "posts/post_settings.hpp"
#include "posts/public_ids.hpp"
#include "posts/publisher.hpp"

#include <boost/json/object.hpp>

#include <string_view>
#include <utility>

namespace gateway::posts {
namespace {

namespace json = boost::json;
using store::event_type;
using store::outgoing_event;

json::object data_of(const store::post_record& post, std::string_view state) {
    return {{"user_id", post.user.text()},
            {"publish_id", json_text_or_null(post.id.text())},
            {"action", json_text_or_null(post.action)},
            {"state", state},
            {"post_ids", json_list(public_ids(post.post_ids).visible())},
            {"fail_reason", json_text_or_null(post.fail_reason)},
            {"privacy_level", json_text_or_null(privacy_level_of(post))},
            {"created_at", rfc3339(post.created_at)},
            {"idempotency_key", json_text_or_null(post.idempotency_key)}};
}

outgoing_event make_event(const store::post_record& post, event_type type, json::object data, wall_time now) {
    outgoing_event out;
    out.id = store::new_event_id(now);
    out.caller = post.caller;
    out.user = post.user;
    out.subject = post.attempt;
    out.type = type;
    out.created_at = now;
    const json::object body{
        {"type", store::name_of(type)}, {"timestamp", rfc3339(now)}, {"data", std::move(data)}};
    out.body = serialize_json(body);
    return out;
}

/// The states that callers wait for.
std::optional<event_type> type_of(std::string_view state) {
    if (state == "published") return event_type::post_published;
    if (state == "failed") return event_type::post_failed;
    if (state == "in_inbox") return event_type::post_in_inbox;
    return std::nullopt;
}

} // namespace

std::optional<outgoing_event> event_of(const store::post_record& seen, const store::status_update& told) {
    const auto state = state_of(told.status);
    const auto type = type_of(state);
    if (!type || state == state_of(seen.status)) return std::nullopt;
    store::post_record post = seen;
    post.status = told.status;
    post.fail_reason = told.fail_reason;
    post.post_ids = told.post_ids;
    return make_event(post, *type, data_of(post, state), told.told_at);
}

outgoing_event unconfirmed_event(const store::post_record& post, wall_time now) {
    return make_event(post, event_type::post_unconfirmed, data_of(post, "unconfirmed"), now);
}

outgoing_event upload_failed_event(const store::post_record& post, const failure& why, wall_time now) {
    const auto& about = facts(why.code());
    auto data = data_of(post, "failed");
    data["problem"] = {
        {"code", about.name}, {"status", http_status(about.code)}, {"retryable", about.retryable}};
    return make_event(post, event_type::upload_failed, std::move(data), now);
}

std::optional<outgoing_event> event_of_crash(const store::post_record& ended, wall_time now) {
    if (ended.state == store::post_state::outcome_unknown && ended.id.empty())
        return unconfirmed_event(ended, now);
    const failure crash(errc::internal, "The process that had this call has ended.");
    if (ended.state == store::post_state::settled && ended.status == failed)
        return upload_failed_event(ended, crash, now);
    return std::nullopt;
}

} // namespace gateway::posts
