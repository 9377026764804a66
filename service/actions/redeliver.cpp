// GATEWAY_REDELIVER: queues events for the caller's webhook once more (docs/contract.md §12), under their own
// ids and with their own bodies.
#include "actions/rows.hpp"
#include "base/json/values.hpp"
#include "base/lists.hpp"
#include "base/refused_inputs.hpp"
#include "base/rfc3339.hpp"
#include "settings/settings.hpp"
#include "store/outbox.hpp"
#include "webhooks/receivers.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::actions {
namespace {

constexpr std::string_view choices =
    "post.published|post.failed|post.in_inbox|post.unconfirmed|upload.failed|"
    "connection.connected|connection.reconnect_required|connection.revoked";
constexpr bool are_all_choices() {
    auto rest = choices;
    for (const auto name : names_of(store::event_type{}))
        if (next_piece(rest, '|') != name) return false;
    return rest.empty();
}
static_assert(are_all_choices());

std::vector<store::event_type> types_named(const std::vector<std::string>& texts) {
    constexpr auto names = names_of(store::event_type{});
    std::vector<store::event_type> out;
    for (const auto& text : texts)
        out.push_back(
            static_cast<store::event_type>(std::find(names.begin(), names.end(), text) - names.begin()));
    return out;
}

result<store::redelivery> read_request(const call& c) {
    store::redelivery out;
    out.caller = c.caller();
    out.users = c.by.users;
    out.types = types_named(c.input.texts("events"));
    out.since = c.input.time("since").value_or(c.now);
    out.until = c.input.time("until").value_or(c.now + milliseconds{1});
    if (out.until > out.since) return out;
    std::vector<field_fault> fault{{"until", "must be later than since"}};
    if (!c.input.has("until")) fault = {{"since", "must not be in the future"}};
    return refused_inputs(std::move(fault));
}

failure without_receiver(const char* why) {
    return {errc::invalid_input, why};
}

task<result<answer>> redeliver(call& c, store::outbox& outbox, const webhooks::redelivery_rules& rules) {
    if (c.by.webhook_url.empty())
        co_return without_receiver(
            "This caller has no webhook_url in the gateway's settings, so nothing can be sent to it.");
    auto what = read_request(c);
    if (!what) co_return what.error();
    what->retry = rules.retry;
    const auto ended =
        co_await outbox.has_ended(c.caller(), webhooks::hash_of_url(c.by.webhook_url), c.until);
    if (!ended) co_return ended.error();
    if (*ended)
        co_return without_receiver(
            "The receiver of this caller has answered 410, which ends its webhooks until it gets another "
            "webhook_url in the gateway's settings.");
    const auto done = co_await outbox.redeliver(std::move(*what), c.until);
    if (!done) co_return done.error();
    boost::json::object content{{"queued", done->queued}};
    content["next_since"] = done->next_since
                                ? boost::json::value(rfc3339_with_milliseconds(*done->next_since))
                                : boost::json::value(nullptr);
    co_return json_answer(serialize_json(content));
}

} // namespace

row redeliver_row() {
    static constexpr input inputs[] = {
        {.name = "since", .type = kind::time, .required = true},
        {.name = "until", .type = kind::time},
        {.name = "events", .type = kind::text_list, .min = 1, .max = store::event_types, .choices = choices},
    };
    return {.slug = "GATEWAY_REDELIVER",
            .method = verb::post,
            .path = "/v1/webhooks/redeliver",
            .takes = body::json,
            .inputs = inputs,
            .run = redeliver};
}

} // namespace gateway::actions
