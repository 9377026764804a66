#include "api/validate_value.hpp"

#include "base/ids.hpp"
#include "base/lists.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "base/told_faults.hpp"
#include "base/url_rules.hpp"
#include "base/utf.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace gateway::api {
namespace json = boost::json;
namespace {

constexpr std::int64_t list_item_units_max = 512;
constexpr std::size_t file_label_units_max = 255;

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

std::string at(std::string_view field, std::size_t index) {
    return std::string(field) + '[' + std::to_string(index) + ']';
}

/// Unicode's category Cc: C0, DEL and C1.
bool has_control(std::string_view utf8, bool multiline) {
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if ((byte < 0x20 && !(multiline && byte == '\n')) || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

/// Replaces the line breaks of Windows and HTML forms with a line feed; a single carriage return is kept.
std::string with_line_feeds(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] != '\r' || at + 1 == text.size() || text[at + 1] != '\n') out.push_back(text[at]);
    return out;
}

std::string between(std::int64_t min, std::int64_t max) {
    return "from " + std::to_string(min) + " to " + std::to_string(max);
}

} // namespace

input_validator::maybe input_validator::fault(std::string field, std::string reason) const {
    if (faults.size() < told_faults_max)
        faults.push_back({std::move(field), std::move(reason)});
    else
        faults.push_back({}); // only counted
    return std::nullopt;
}

input_validator::maybe input_validator::check(const input& rule, const value& given) const {
    const std::string name(rule.name);
    switch (rule.type) {
        case kind::text:
            return text(rule, name, given);
        case kind::integer:
            return integer(rule, given);
        case kind::boolean:
            return given.is_bool() ? maybe{given}
                                   : fault(name, "must be exactly true or false, without quotes");
        case kind::choice:
            return choice(rule, name, given);
        case kind::time:
            return time(name, given);
        case kind::fields:
            return fields(rule, given);
        case kind::url:
            return url(name, given);
        case kind::file:
            return file(name, given);
        case kind::text_list:
        case kind::url_list:
        case kind::file_list:
            return list(rule, given);
    }
    return std::nullopt;
}

input_validator::maybe input_validator::text(const input& rule, const std::string& field,
                                             const value& given) const {
    const auto* text = given.if_string();
    if (!text) return fault(field, "must be a string");
    if (text->find("\r\n") == json::string::npos)
        return is_legal(rule, field, view(*text)) ? maybe{given} : std::nullopt;
    const auto read = with_line_feeds(view(*text));
    return is_legal(rule, field, read) ? maybe{value(json::string(read))} : std::nullopt;
}

bool input_validator::is_legal(const input& rule, const std::string& field, std::string_view text) const {
    if (has_control(text, rule.multiline)) {
        fault(field, rule.multiline ? "must not hold control characters other than \\n"
                                    : "must not hold control characters");
        return false;
    }
    const auto length = static_cast<std::int64_t>(utf16_length(text));
    if (length >= rule.min && length <= rule.max) return true;
    fault(field,
          "must be " + between(rule.min, rule.max) + " UTF-16 units long, not " + std::to_string(length));
    return false;
}

input_validator::maybe input_validator::integer(const input& rule, const value& given) const {
    // 5.0 is a floating-point number in JSON, and TikTok's parsers are typed, so it is refused and not
    // rounded (C24).
    if (!given.is_int64() && !given.is_uint64())
        return fault(std::string(rule.name), "must be a whole number");
    const bool huge = given.is_uint64() && given.get_uint64() > static_cast<std::uint64_t>(INT64_MAX);
    const std::int64_t number = huge ? INT64_MAX : given.to_number<std::int64_t>();
    if (huge || number < rule.min || number > rule.max)
        return fault(std::string(rule.name), "must be " + between(rule.min, rule.max));
    return value(number);
}

input_validator::maybe input_validator::choice(const input& rule, const std::string& field,
                                               const value& given) const {
    const auto* text = given.if_string();
    if (!text) return fault(field, "must be a string");
    if (text->empty() || !list_holds(rule.choices, '|', view(*text)))
        return fault(field, "must be one of " + joined(split_list(rule.choices, '|'), ", "));
    return given;
}

input_validator::maybe input_validator::time(const std::string& field, const value& given) const {
    const auto* text = given.if_string();
    if (!text || !parse_rfc3339(view(*text)))
        return fault(field, "must be a time of RFC 3339, as 2026-11-23T16:18:36Z");
    return given;
}

input_validator::maybe input_validator::fields(const input& rule, const value& given) const {
    std::vector<std::string> names;
    if (const auto* text = given.if_string()) {
        auto rest = view(*text);
        for (bool more = true; more;) { // also the empty name after a trailing comma
            more = rest.find(',') != std::string_view::npos;
            names.emplace_back(next_piece(rest, ','));
        }
    } else if (const auto* items = given.if_array()) {
        for (const auto& item : *items) {
            if (!item.is_string()) return fault(std::string(rule.name), "must be a list of strings");
            names.emplace_back(view(item.get_string()));
        }
    } else {
        return fault(std::string(rule.name), "must be a list of field names");
    }
    json::array out;
    bool good = true;
    for (const auto& name : names) {
        if (name.empty() || !list_holds(rule.choices, ',', name)) {
            good = false;
            fault(std::string(rule.name), utf16_length(name) > 64
                                              ? "names no field of TikTok's"
                                              : "holds \"" + name + "\", which is no field of TikTok's");
        } else if (std::find(out.begin(), out.end(), value(name)) == out.end()) {
            out.emplace_back(name);
        }
    }
    if (!good) return std::nullopt;
    return value(std::move(out));
}

input_validator::maybe input_validator::url(const std::string& field, const value& given) const {
    const auto* text = given.if_string();
    if (!text) return fault(field, "must be a string");
    if (auto reason = refuse_url(view(*text), {})) return fault(field, std::move(*reason));
    if (auto reason = refuse_url(view(*text), verified_url_prefixes)) {
        ++unverified;
        fault(field, std::move(*reason));
    }
    return given;
}

input_validator::maybe input_validator::list(const input& rule, const value& given) const {
    const auto* items = given.if_array();
    if (!items) return fault(std::string(rule.name), "must be a list");
    const auto count = static_cast<std::int64_t>(items->size());
    bool good = count >= rule.min && count <= rule.max;
    if (!good)
        fault(std::string(rule.name),
              "must hold " + between(rule.min, rule.max) + " items, not " + std::to_string(count));
    const input item_rule{.name = rule.name, .type = kind::text, .min = 1, .max = list_item_units_max};
    json::array out;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const auto field = at(rule.name, i);
        const auto& item = (*items)[i];
        auto checked = rule.type == kind::url_list    ? url(field, item)
                       : rule.type == kind::file_list ? file(field, item)
                       : !rule.choices.empty()        ? choice(rule, field, item)
                                                      : text(item_rule, field, item);
        good = good && checked;
        if (checked) out.push_back(std::move(*checked));
    }
    if (!good) return std::nullopt;
    return value(std::move(out));
}

input_validator::maybe input_validator::file(const std::string& field, const value& given) const {
    const auto* members = given.if_object();
    if (!members) return fault(field, "must be an object {name, mimetype, file_id}");
    const auto before = faults.size();
    json::object out;
    std::size_t ids = 0;
    for (const auto& [key, member] : *members) {
        const std::string name = field + '.' + std::string(key);
        const bool id = key == "file_id" || key == "s3key"; // two names for the same member
        if (!id && key != "name" && key != "mimetype") {
            fault(field, utf16_length(key) > 64
                             ? "has a member that is not name, mimetype or file_id"
                             : "has \"" + std::string(key) + "\", which is not name, mimetype or file_id");
            continue;
        }
        if (member.is_null()) continue; // counts as absent
        const auto* text = member.if_string();
        if (!text || has_control(view(*text), false) || utf16_length(view(*text)) > file_label_units_max) {
            fault(name, "must be a string of at most 255 characters without control characters");
            continue;
        }
        if (id && !check_file_id(view(*text)))
            fault(name, "is not a file_id; stage the bytes with POST /v1/files first");
        ids += id ? 1 : 0;
        out[id ? json::string_view("file_id") : key] = *text;
    }
    if (ids != 1 && faults.size() == before) fault(field, "needs file_id (or s3key), once");
    if (faults.size() != before) return std::nullopt;
    return value(std::move(out));
}

json::value value_of_query(const input& rule, const std::vector<std::string_view>& given) {
    const std::string_view first = given.front();
    switch (rule.type) {
        case kind::integer: {
            if (const auto number = parse_number<std::int64_t>(first)) return *number;
            return json::string(first);
        }
        case kind::boolean:
            if (first == "true") return true;
            if (first == "false") return false;
            return json::string(first);
        case kind::fields: {
            std::string all;
            for (std::size_t i = 0; i < given.size(); ++i)
                (all += i ? "," : "") += given[i];
            return json::string(all);
        }
        case kind::text_list:
        case kind::url_list: {
            json::array list;
            for (const auto item : given)
                list.emplace_back(json::string(item));
            return list;
        }
        default:
            return json::string(first);
    }
}

} // namespace gateway::api
