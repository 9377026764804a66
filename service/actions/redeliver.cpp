// GATEWAY_REDELIVER: queues events for the caller's webhook once more (docs/contract.md §12), under their own
// ids and with their own bodies.
#include "actions/rows.hpp"
#include "base/json/values.hpp"
#include "base/refused_inputs.hpp"
#include "base/rfc3339.hpp"
#include "settings/settings.hpp"
#include "store/outbox.hpp"
#include "webhooks/receivers.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace gateway::actions {
namespace {

std::optional<store::event_type> type_named(std::string_view text) {
    constexpr auto names = names_of(store::event_type{});
    const auto* const found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) return std::nullopt;
    return static_cast<store::event_type>(found - names.begin());
}

std::vector<store::event_type> read_types(const call& c, std::vector<field_fault>& faults) {
    std::vector<store::event_type> out;
    const auto texts = c.input.texts("events");
    for (std::size_t at = 0; at < texts.size(); ++at) {
        if (const auto type = type_named(texts[at]))
            out.push_back(*type);
        else
            faults.push_back({"events[" + std::to_string(at) + "]", "is no event of a webhook"});
    }
    return out;
}

/// `otherwise` if it is not given.
wall_time read_time(const call& c, std::string_view name, wall_time otherwise,
                    std::vector<field_fault>& faults) {
    const auto text = c.input.text(name);
    if (text.empty()) return otherwise;
    const auto time = parse_rfc3339(text);
    if (!time) faults.push_back({std::string(name), "must be a time of RFC 3339, as 2026-11-23T16:18:36Z"});
    return time.value_or(otherwise);
}

result<store::redelivery> read_request(const call& c) {
    store::redelivery out;
    std::vector<field_fault> faults;
    out.caller = c.caller();
    out.users = c.by.users;
    out.types = read_types(c, faults);
    out.since = read_time(c, "since", c.now, faults);
    out.until = read_time(c, "until", c.now + milliseconds{1}, faults);
    if (faults.empty() && out.until <= out.since) faults.push_back({"until", "must be later than since"});
    if (!faults.empty()) return refused_inputs(std::move(faults));
    return out;
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
    content["next_since"] =
        done->next_since ? boost::json::value(rfc3339(*done->next_since)) : boost::json::value(nullptr);
    co_return json_answer(serialize_json(content));
}

} // namespace

row redeliver_row() {
    static constexpr input inputs[] = {
        {.name = "since", .type = kind::text, .required = true, .min = 1, .max = 64},
        {.name = "until", .type = kind::text, .min = 1, .max = 64},
        {.name = "events", .type = kind::text_list, .min = 1, .max = store::event_types},
    };
    return {.slug = "GATEWAY_REDELIVER",
            .method = verb::post,
            .path = "/v1/webhooks/redeliver",
            .takes = body::json,
            .inputs = inputs,
            .run = redeliver};
}

} // namespace gateway::actions
