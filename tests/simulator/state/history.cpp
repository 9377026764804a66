#include "state/history.hpp"

#include <algorithm>
#include <utility>

namespace gateway::simulator {

namespace {

template <class Records>
auto* numbered(Records& records, std::uint64_t number) {
    const auto found =
        std::lower_bound(records.begin(), records.end(), number,
                         [](const auto& one, std::uint64_t wanted) { return one.number < wanted; });
    return found != records.end() && found->number == number ? &*found : nullptr;
}

void put(boost::json::object& into, const char* key, const std::string& text) {
    if (!text.empty()) into[key] = text;
}

} // namespace

request_record& history::add(request_record one) {
    one.number = ++seen_;
    requests_.push_back(std::move(one));
    if (requests_.size() > requests_max_) requests_.pop_front();
    return requests_.back();
}

request_record* history::find(std::uint64_t number) {
    return numbered(requests_, number);
}

webhook_record& history::add_webhook(webhook_record one) {
    one.number = webhooks_.empty() ? 1 : webhooks_.back().number + 1;
    webhooks_.push_back(std::move(one));
    if (webhooks_.size() > requests_max_) webhooks_.pop_front();
    return webhooks_.back();
}

webhook_record* history::find_webhook(std::uint64_t number) {
    return numbered(webhooks_, number);
}

boost::json::object to_json(const request_record& one) {
    boost::json::object o{{"number", one.number},     {"time_ms", one.time_ms},
                          {"listener", one.listener}, {"connection", one.connection},
                          {"method", one.method},     {"path", one.path},
                          {"status", one.status},     {"faulted", one.faulted}};
    if (one.answered_ms) o["answered_ms"] = one.answered_ms;
    if (one.unread) o["unread"] = true;
    put(o, "query", one.query);
    put(o, "content_type", one.content_type);
    put(o, "content_range", one.content_range);
    put(o, "body", one.body);
    put(o, "client_key", one.client_key);
    put(o, "account", one.account);
    put(o, "token_id", one.token_id);
    put(o, "grant_type", one.grant_type);
    put(o, "publish_id", one.publish_id);
    put(o, "log_id", one.log_id);
    put(o, "error_code", one.error_code);
    return o;
}

boost::json::object to_json(const webhook_record& one) {
    return {{"number", one.number},         {"time_ms", one.time_ms},   {"client_key", one.client_key},
            {"account", one.account},       {"event", one.event},       {"content", one.content},
            {"publish_id", one.publish_id}, {"attempts", one.attempts}, {"last_status", one.last_status},
            {"delivered", one.delivered},   {"given_up", one.given_up}};
}

} // namespace gateway::simulator
