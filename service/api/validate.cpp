#include "api/validate.hpp"

#include "api/validate_value.hpp"
#include "base/json/strict.hpp"
#include "base/refused_inputs.hpp"
#include "base/told_faults.hpp"
#include "http/query.hpp"

#include <algorithm>
#include <utility>

namespace gateway::api {
namespace json = boost::json;
namespace {

using faults_of_call = std::vector<field_fault>;

/// A caller's own text in an answer, shortened.
std::string shown(std::string_view name) {
    return std::string(name.substr(0, name.size() > 64 ? 0 : name.size()));
}

const input* find_input(const row& what, std::string_view name) {
    const auto found = std::find_if(what.inputs.begin(), what.inputs.end(),
                                    [name](const input& each) { return each.name == name; });
    return found == what.inputs.end() ? nullptr : &*found;
}

void note_unknown(faults_of_call& faults, std::string_view name, const row& what) {
    if (faults.size() >= told_faults_max) return faults.push_back({}); // only counted
    std::string known;
    for (const auto& each : what.inputs)
        (known += known.empty() ? "" : ", ") += each.name;
    faults.push_back({shown(name), known.empty() ? "is not an input; this action takes none"
                                                 : "is not an input of this action; it takes " + known});
}

result<checked_input> check_values(const validation& by, const json::object& given, faults_of_call faults) {
    for (const auto& member : given)
        if (!find_input(by.what, member.key())) note_unknown(faults, member.key(), by.what);

    const bool is_well_formed = faults.empty();
    std::size_t unverified = 0;
    const input_validator validator{by.verified_url_prefixes, faults, unverified};
    json::object out;
    // In the row's order, which makes the text of the checked inputs canonical for the fingerprint.
    for (const auto& rule : by.what.inputs) {
        const auto* value = given.if_contains(rule.name);
        if (value && !value->is_null()) { // many clients send null for an absent value
            if (auto good = validator.check(rule, *value)) out.emplace(rule.name, std::move(*good));
        } else if (!rule.fallback.empty()) {
            out.emplace(rule.name, value_of_query(rule, {rule.fallback}));
        } else if (rule.required) {
            faults.push_back({std::string(rule.name), "is required"});
        }
    }
    checked_input checked{std::move(out)};
    if (by.what.also_checks) by.what.also_checks({checked, given, by.came_with_bytes}, faults);
    if (by.of_dry_run && is_well_formed && checked.flag("dry_run")) {
        if (!faults.empty()) *by.of_dry_run = refused_inputs(std::move(faults));
        return checked;
    }
    const bool only_unverified = by.unverified && faults.size() == unverified;
    if (!faults.empty() && !only_unverified) return refused_inputs(std::move(faults));
    if (!faults.empty()) *by.unverified = refused_inputs(std::move(faults));
    return checked;
}

/// True if there are no inputs and none are required, as for most reads.
bool needs_no_input(const row& what) {
    return !what.also_checks && std::none_of(what.inputs.begin(), what.inputs.end(), [](const input& each) {
        return each.required || !each.fallback.empty();
    });
}

bool takes_many(kind type) {
    return type == kind::fields || type == kind::text_list || type == kind::url_list;
}

} // namespace

result<checked_input> check_query(const validation& by, std::string_view query) {
    if (query.empty() && needs_no_input(by.what)) return checked_input{};
    auto parsed = http::query::parse(query);
    if (!parsed) return parsed.error();
    faults_of_call faults;
    json::object given;
    for (const auto& rule : by.what.inputs) {
        std::vector<std::string_view> values;
        for (const auto& pair : parsed->pairs())
            if (pair.name == rule.name) values.push_back(pair.value);
        if (values.empty()) continue;
        if (values.size() > 1 && !takes_many(rule.type))
            faults.push_back({std::string(rule.name), "must be given once"});
        given.emplace(rule.name, value_of_query(rule, values));
    }
    for (const auto& pair : parsed->pairs())
        if (!find_input(by.what, pair.name)) note_unknown(faults, pair.name, by.what);
    return check_values(by, given, std::move(faults));
}

result<checked_input> check_body(const validation& by, std::string_view text) {
    if (text.empty()) return check_values(by, {}, {});
    const std::string_view source = by.came_with_bytes ? "The part input" : "The body";
    auto parsed = parse_json(text, source);
    if (!parsed) return parsed.error();
    if (!parsed->is_object())
        return failure{errc::malformed_json,
                       std::string(source) + " must be a JSON object of inputs, as {\"publish\": true}."};
    return check_values(by, parsed->get_object(), {});
}

result<void> refuse_query(std::string_view query) {
    if (query.empty()) return {};
    auto parsed = http::query::parse(query);
    if (!parsed) return parsed.error();
    faults_of_call faults;
    for (const auto& pair : parsed->pairs())
        faults.push_back(
            {shown(pair.name), "is not taken from the query; inputs of this request stand in its body"});
    if (faults.empty()) return {};
    return refused_inputs(std::move(faults));
}

} // namespace gateway::api
