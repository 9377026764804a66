#include "api/problem.hpp"

#include "base/json/write.hpp"

#include <utility>

namespace gateway::api {
namespace {

void append_text(std::string& out, std::string_view key, std::string_view text) {
    append_json_key(out, key);
    append_json_string(out, text);
}

void append_tiktok(std::string& out, const tiktok_words& words) {
    append_json_key(out, "tiktok");
    out += '{';
    append_json_key(out, "status");
    append_json_number(out, words.status);
    append_text(out, "code", words.code);
    append_text(out, "message", words.message);
    append_text(out, "log_id", words.log_id);
    out += '}';
}

void append_fields(std::string& out, const std::vector<field_fault>& faults) {
    append_json_key(out, "fields");
    out += '[';
    for (const auto& fault : faults) {
        if (&fault != &faults.front()) out += ',';
        out += '{';
        append_text(out, "field", fault.field);
        append_text(out, "reason", fault.reason);
        out += '}';
    }
    out += ']';
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
    out += '{';
    append_text(out, "code", facts(why.code()).name);
    append_json_key(out, "status");
    append_json_number(out, http_status(why.code()));
    append_json_key(out, "retryable");
    out += retryable(why) ? "true" : "false";
    if (more && more->retry_after) {
        append_json_key(out, "retry_after_ms");
        append_json_number(out, more->retry_after->count());
    }
    if (more && more->scope) append_text(out, "limit_scope", name_of(*more->scope));
    append_text(out, "request_id", request_id);
    if (more && more->tiktok) append_tiktok(out, *more->tiktok);
    if (more && !more->fields.empty()) append_fields(out, more->fields);
    out += '}';
}

} // namespace gateway::api
