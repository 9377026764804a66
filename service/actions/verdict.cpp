#include "actions/verdict.hpp"

#include "base/errc.hpp"
#include "base/json/values.hpp"
#include "posts/post_facts.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::actions {
namespace json = boost::json;
namespace {

json::value number_or_null(const std::optional<std::uint32_t>& number) {
    return number ? json::value(*number) : json::value();
}

/// Two steps may refuse the same input: its form is checked, and what would be posted.
bool is_told(const json::array& reasons, std::size_t count, std::string_view code, std::string_view field) {
    return std::any_of(reasons.begin(), reasons.begin() + count, [code, &field](const json::value& each) {
        const auto* named = each.at("field").if_string();
        return named && *named == field && each.at("code").as_string() == code;
    });
}

/// One for each field, so that a program finds all faults of an input by its name.
void append_reasons(json::array& to, const failure& why) {
    const auto code = facts(why.code()).name;
    const auto* more = why.details();
    if (!more || more->fields.empty()) {
        to.push_back({{"code", code}, {"field", nullptr}, {"reason", why.message()}});
        return;
    }
    const auto of_others = to.size();
    for (const auto& each : more->fields)
        if (!is_told(to, of_others, code, each.field))
            to.push_back({{"code", code}, {"field", each.field}, {"reason", each.reason}});
}

json::value window_or_null(const std::optional<limits::quota_status>& window) {
    if (!window) return {};
    const auto wait = std::chrono::ceil<seconds>(window->until_more);
    return {{"left", window->remaining}, {"seconds", wait.count()}};
}

json::value post_or_null(const std::optional<posts::post_answer>& existing) {
    if (!existing) return {};
    return {{"publish_id", existing->id.text()},
            {"status", existing->status},
            {"state", posts::state_of(existing->status)}};
}

} // namespace

json::object to_json(const posts::caps_left& left) {
    return {{"pending_shares_left", number_or_null(left.pending_shares)},
            {"direct_posts_left_today", number_or_null(left.direct_posts)},
            {"active_users_left", number_or_null(left.active_users)}};
}

posts::dry_call dry_call_of(const call& c) {
    return {.tiktok = c.tiktok, .may_ask = c.tiktok && !c.refused, .user = c.user, .until = c.until};
}

answer verdict_answer(const call& c, const posts::verdict& of) {
    json::array reasons;
    for (const auto* list : {&c.dry->refusals, &of.reasons})
        for (const auto& why : *list)
            append_reasons(reasons, why);
    const bool is_answered = c.dry->key == "finished";
    const bool would_post = reasons.empty() && !of.existing && !is_answered;
    json::object limits{{"tiktok_user", window_or_null(of.window)}};
    for (auto& each : to_json(of.caps))
        limits.insert(std::move(each));
    json::object verdict{{"would_post", would_post},
                         {"reasons", std::move(reasons)},
                         {"limits", std::move(limits)},
                         {"key", c.dry->key ? json::value(*c.dry->key) : json::value()},
                         {"post", post_or_null(of.existing)}};
    return json_answer(serialize_json(json::object{{"verdict", std::move(verdict)}}));
}

} // namespace gateway::actions
