#include "api/call.hpp"

#include "base/json/values.hpp"
#include "base/rfc3339.hpp"
#include "settings/settings.hpp"

namespace gateway::api {
namespace json = boost::json;
namespace {

std::string text_of(const json::value& value) {
    const auto* text = value.if_string();
    return text ? std::string(text->data(), text->size()) : std::string{};
}

staged_file file_of(const json::value& value) {
    const auto& given = value.as_object();
    return {std::string(json_text_at(given, "name")),
            file_id::trusted(std::string(json_text_at(given, "file_id")))};
}

} // namespace

caller_name call::caller() const {
    return caller_name::trusted(by.name);
}

const json::value* checked_input::find(std::string_view name) const {
    return values_ ? values_->if_contains(name) : nullptr;
}

const json::object& checked_input::values() const {
    static const json::object none;
    return values_ ? *values_ : none;
}

std::string checked_input::text(std::string_view name) const {
    const auto* value = find(name);
    return value ? text_of(*value) : std::string{};
}

std::int64_t checked_input::integer(std::string_view name) const {
    const auto* value = find(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

bool checked_input::flag(std::string_view name) const {
    const auto* value = find(name);
    return value && value->is_bool() && value->get_bool();
}

std::vector<std::string> checked_input::texts(std::string_view name) const {
    std::vector<std::string> out;
    const auto* value = find(name);
    if (!value || !value->is_array()) return out;
    out.reserve(value->get_array().size());
    for (const auto& item : value->get_array())
        out.push_back(text_of(item));
    return out;
}

std::optional<wall_time> checked_input::time(std::string_view name) const {
    return parse_rfc3339(text(name));
}

std::vector<staged_file> checked_input::files(std::string_view name) const {
    std::vector<staged_file> out;
    const auto* value = find(name);
    if (!value) return out;
    if (value->is_object()) {
        out.push_back(file_of(*value));
    } else if (value->is_array()) {
        for (const auto& item : value->get_array())
            out.push_back(file_of(item));
    }
    return out;
}

std::string_view scope_rule::of(const checked_input& given) const {
    if (input.empty()) return usual;
    const auto* const found = given.values().if_contains(input);
    if (!found) return usual;
    const bool fits = found->is_bool() ? found->get_bool() == (value == "true")
                                       : found->is_string() && std::string_view(found->get_string()) == value;
    return fits ? instead : usual;
}

} // namespace gateway::api
