#include "api/problem.hpp"

#include "base/json/values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <utility>

namespace gateway::api {
namespace json = boost::json;
namespace {

json::object object_of(const tiktok_error_text& words) {
    return {
        {"status", words.status}, {"code", words.code}, {"message", words.message}, {"log_id", words.log_id}};
}

json::array list_of(const std::vector<field_fault>& faults) {
    json::array list;
    for (const auto& fault : faults)
        list.push_back({{"field", fault.field}, {"reason", fault.reason}});
    return list;
}

} // namespace

bool retryable(const failure& why) {
    return facts(why.code()).retryable && !(why.details() && why.details()->may_have_reached_tiktok);
}

failure internal_fault(bool writes) {
    failure why{errc::internal,
                "Something went wrong inside the gateway; the request_id finds it in the log."};
    return writes ? std::move(why).may_have_reached_tiktok() : why;
}

void append_problem(std::string& out, const failure& why, std::string_view request_id) {
    const auto* more = why.details();
    json::object problem{
        {"code", facts(why.code()).name}, {"status", http_status(why.code())}, {"retryable", retryable(why)}};
    if (more && more->retry_after) problem["retry_after_ms"] = more->retry_after->count();
    if (more && more->scope) problem["limit_scope"] = name_of(*more->scope);
    problem["request_id"] = request_id;
    if (more && more->tiktok) problem["tiktok"] = object_of(*more->tiktok);
    if (more && !more->fields.empty()) problem["fields"] = list_of(more->fields);
    out += serialize_json(problem);
}

} // namespace gateway::api
