#include "fault/mishaps.hpp"

#include "harness/unreadable_answers.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace fault {
namespace {

namespace json = boost::json;

constexpr const char* inits = "/v2/post/publish/*init/";
constexpr const char* creator_info = "/v2/post/publish/creator_info/query/";
constexpr const char* status = "/v2/post/publish/status/fetch/";
constexpr unsigned hang_in = 40; // one in this many faults hangs, which takes the whole deadline
constexpr unsigned unreadable_in = 3;

/// No pages: one with 429 would close the window, and that user could not write for a minute.
json::object unreadable(std::mt19937& dice) {
    static const auto all = harness::refused_by_the_gate();
    return all[dice() % all.size()].effect;
}

json::object way_to_lose_it(std::mt19937& dice) {
    if (dice() % hang_in == 0) return {{"hang", true}};
    if (dice() % unreadable_in == 0) return unreadable(dice);
    switch (dice() % 7) {
        case 0:
            return {{"reset_before_answer", true}};
        case 1:
            return {{"reset_before_answer", true}, {"apply", false}};
        case 2:
            return {{"status", 503}, {"body", ""}};
        case 3:
            return {{"status", 503}, {"body", ""}, {"apply", false}};
        case 4:
            return {{"truncate_at_byte", dice() % 200}};
        case 5:
            return {{"reset_at_byte", dice() % 200}};
        default:
            return {{"reset_after_request_bytes", dice() % 100}};
    }
}

json::value at_api(const char* path, const std::string& account, json::object effect) {
    return json::object{{"match", {{"listener", "api"}, {"path", path}, {"account", account}}},
                        {"do", std::move(effect)}};
}

json::value at_upload_host(const std::string& account, std::mt19937& dice) {
    return json::object{{"match", {{"listener", "upload"}, {"method", "PUT"}, {"account", account}}},
                        {"do", way_to_lose_it(dice)}};
}

} // namespace

json::value unreadable_init(const std::string& account, std::mt19937& dice) {
    return at_api(inits, account, unreadable(dice));
}

std::vector<json::value> mishaps_of(const keyed_call& what, const std::string& account, std::mt19937& dice) {
    const bool brings_bytes =
        what.kind == keyed_call_kind::inbox_upload || what.kind == keyed_call_kind::direct_upload;
    std::vector<json::value> out;
    const auto roll = dice() % 10;
    if (roll < 4)
        out.push_back(at_api(inits, account, way_to_lose_it(dice)));
    else if (roll < 6 && brings_bytes)
        out.push_back(at_upload_host(account, dice));
    else if (roll < 7)
        out.push_back(at_api(creator_info, account, way_to_lose_it(dice)));
    if (dice() % 5 == 0) out.push_back(at_api(status, account, way_to_lose_it(dice)));
    return out;
}

} // namespace fault
