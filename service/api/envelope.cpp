#include "api/envelope.hpp"

// On the hot path TikTok's bytes are copied into one string, without a DOM.
#include "api/problem.hpp"
#include "base/json/patch.hpp"
#include "base/json/values.hpp"
#include "base/json/write.hpp"

#include <boost/json/parse.hpp>

#include <array>
#include <vector>

namespace gateway::api {
namespace {

constexpr std::string_view success_end = R"(,"error":null,"successful":true})";

/// Credentials that are removed from every answer, at any depth (docs/contract.md §4).
constexpr std::array<std::string_view, 3> never_shown{"upload_url", "access_token", "refresh_token"};

void append_data(std::string& out, const passed_through& what) {
    const auto start = out.size();
    const auto data = what.from.data();
    if (what.from.may_name_credentials) {
        std::vector<std::string_view> without(what.without.begin(), what.without.end());
        without.insert(without.end(), never_shown.begin(), never_shown.end());
        const json_patch_rules rules{
            .stringify = what.as_strings, .stringify_list = what.as_string_lists, .drop = without};
        append_patched(out, data, rules);
    } else if (what.as_strings.empty() && what.as_string_lists.empty() && what.without.empty()) {
        out += data;
    } else {
        const json_patch_rules rules{
            .stringify = what.as_strings, .stringify_list = what.as_string_lists, .drop = what.without};
        append_patched(out, data, rules);
    }
    if (what.extra.empty()) return;
    // `data` is an object: the added members come before its closing brace.
    out.pop_back();
    const bool has_members = out.find_first_not_of(" \t\r\n", start + 1) != std::string::npos;
    if (has_members) out += ',';
    out += what.extra;
    out += '}';
}

int write(std::string& out, const passed_through& what) {
    out.reserve(out.size() + what.from.data().size() + what.extra.size() + 64);
    out += R"({"data":)";
    append_data(out, what);
    out += success_end;
    return 200;
}

int write(std::string& out, const object& what, std::string_view request_id) {
    out += R"({"data":)";
    out += what.json;
    if (what.partial_failure.empty()) {
        out += success_end;
        return 200;
    }
    out += R"(,"error":)";
    append_json_string(out, what.partial_failure);
    out +=
        R"(,"successful":false,"problem":{"code":"partial_failure","status":200,"retryable":false,"request_id":)";
    append_json_string(out, request_id);
    out += "}}";
    return 200;
}

int write(std::string& out, const answer& what, std::string_view request_id) {
    if (const auto* passed = std::get_if<passed_through>(&what)) return write(out, *passed);
    if (const auto* made = std::get_if<object>(&what)) return write(out, *made, request_id);
    // An empty envelope for outcomes that are not JSON.
    out += R"({"data":{})";
    out += success_end;
    if (const auto* shown = std::get_if<page>(&what)) return shown->status;
    return std::holds_alternative<redirect>(what) ? 302 : 200;
}

int write(std::string& out, const replay& what, std::string_view) {
    out += what.envelope;
    return what.status;
}

/// So that a program need not read the sentence.
void append_post(std::string& out, const failure& why) {
    const auto* const more = why.details();
    if (!more || more->publish_id.empty()) {
        out += "{}";
        return;
    }
    out += R"({"publish_id":)";
    append_json_string(out, more->publish_id);
    append_json_key(out, "status_path");
    append_json_string(out, more->status_path);
    out += '}';
}

int write(std::string& out, const failure& why, std::string_view request_id) {
    out += R"({"data":)";
    append_post(out, why);
    out += R"(,"successful":false,"error":)";
    append_json_string(out, why.message());
    out += R"(,"problem":)";
    append_problem(out, why, request_id);
    out += '}';
    return http_status(why.code());
}

} // namespace

void add_warning(answer& to, std::string_view sentence) {
    auto* const made = std::get_if<object>(&to);
    if (!made) return;
    boost::system::error_code bad;
    auto data = boost::json::parse(made->json, bad);
    if (bad || !data.is_object()) return;
    auto& warnings = data.get_object()["warnings"];
    if (!warnings.is_array()) warnings.emplace_array();
    warnings.get_array().emplace_back(sentence);
    made->json = serialize_json(data);
}

int write_envelope(std::string& out, const outcome& what, std::string_view request_id) {
    return std::visit([&](const auto& each) { return write(out, each, request_id); }, what);
}

} // namespace gateway::api
