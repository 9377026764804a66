// Compares our JSON parser with Boost.JSON: the same texts are accepted, the same members found, the same
// changes made.
#include "base/json/fault.hpp"
#include "base/json/members.hpp"
#include "base/json/patch.hpp"
#include "base/json/scan.hpp"
#include "base/json/strict.hpp"
#include "base/json/write.hpp"
#include "fuzz/targets.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <optional>

namespace gateway::fuzz {
namespace {

namespace bj = boost::json;

/// The same JSON with bytes after it: Boost.JSON 1.81 reads a double differently if few bytes follow, so the
/// same text would have two values.
std::string with_room(std::string_view text) {
    return std::string(text) + std::string(64, ' ');
}

/// The value by Boost.JSON; nothing if it refuses. `unsure` where it differs from RFC 8259: it refuses
/// exponents that are too large for a double, which the grammar allows.
std::optional<bj::value> reference(std::string_view text, bool& unsure) {
    bj::parse_options options;
    options.max_depth = max_json_depth;
    bj::error_code ec;
    auto value = bj::parse(with_room(text), ec, {}, options);
    unsure = ec == bj::error::exponent_overflow;
    if (ec) return std::nullopt;
    return value;
}

std::string unquoted(const bj::value& value, std::string_view as_it_stands) {
    if (const auto* const text = value.if_string()) return std::string(*text);
    return std::string(as_it_stands);
}

void same_member(const bj::object& object, std::string_view name, std::string_view found,
                 bool between_quotes) {
    const auto* const value = object.if_contains(name);
    if (value == nullptr) return require(found.empty(), "a member was found that is not there");
    if (between_quotes && value->is_string())
        return require(json_unescape(found) == unquoted(*value, found), "another text was found");
    bool unsure = false;
    const auto again = reference(found, unsure);
    require(unsure || (again.has_value() && bj::serialize(*again) == bj::serialize(*value)),
            "another value was found");
}

constexpr std::array<std::string_view, 1> cursors{"cursor"};
constexpr std::array<std::string_view, 1> post_ids{"publicaly_available_post_id"};
constexpr std::array<std::string_view, 1> dropped{"upload_url"};

std::string text_of(const bj::value& value) {
    if (const auto* const text = value.if_string()) return std::string(*text);
    return value.is_int64() || value.is_uint64() ? bj::serialize(value) : std::string();
}

void stringify(bj::value& value) {
    if (value.is_int64() || value.is_uint64()) value = bj::string(bj::serialize(value));
}

/// The effect of json/patch, implemented with a DOM.
void patch(bj::value& value) {
    if (auto* const array = value.if_array()) {
        for (auto& element : *array)
            patch(element);
    } else if (auto* const object = value.if_object()) {
        object->erase("upload_url");
        for (auto& member : *object) {
            auto& inner = member.value();
            if (member.key() == "cursor") {
                if (!inner.is_structured()) stringify(inner);
                patch(inner);
            } else if (member.key() == "publicaly_available_post_id") {
                if (inner.is_null()) inner = bj::array{};
                if (!inner.is_structured()) inner = bj::array{inner};
                patch(inner);
                if (inner.is_array())
                    for (auto& element : inner.get_array())
                        stringify(element);
            } else {
                patch(inner);
            }
        }
    }
}

/// Whether the text has the integer -0; not for `-0.5` or a date in a string.
bool has_minus_zero(std::string_view text) {
    for (auto at = text.find("-0"); at != std::string_view::npos; at = text.find("-0", at + 2))
        if (text.substr(at + 2).find_first_of(".eE0123456789") != 0) return true;
    return false;
}

} // namespace

void json_answer(std::string_view bytes) {
    bool unsure = false;
    const auto expected = reference(bytes, unsure);
    const auto counts = count_json(bytes);
    require(unsure || counts.has_value() == expected.has_value(),
            "JSON is judged otherwise than by Boost.JSON");
    const auto answer = scan_answer(bytes);
    if (!answer) return;
    require(unsure || (expected && expected->is_object()), "an answer is no object");
    if (unsure) return;
    const auto& object = expected->get_object();
    same_member(object, "data", answer->data, false);
    same_member(object, "error", answer->error, false);
    if (const auto* const error = object.if_contains("error"); error != nullptr && error->is_object()) {
        same_member(error->get_object(), "code", answer->error_code, true);
        same_member(error->get_object(), "message", answer->error_message, true);
        same_member(error->get_object(), "log_id", answer->error_log_id, true);
    }
}

void json_body(std::string_view bytes) {
    const auto value = parse_json(bytes);
    if (value.has_error()) {
        const auto fault = find_json_fault(bytes, max_json_depth, max_json_values);
        require(!fault || fault->at <= bytes.size(), "a place outside of the body");
        return require(value.error().code() == errc::malformed_json, "another code than promised");
    }
    const std::string written = bj::serialize(*value);
    const auto again = parse_json(written);
    const bool exact =
        written.find('E') == std::string::npos; // the library writes and reads doubles inexactly
    require(again.has_value() && (!exact || bj::serialize(*again) == written),
            "a body does not survive a round trip");
    if (const auto* const text = value->if_string()) {
        std::string ours;
        append_json_string(ours, std::string_view{text->data(), text->size()});
        require(bj::parse(ours) == *value, "a string is written otherwise than it was read");
    }
}

void json_members(std::string_view bytes) {
    bool unsure = false;
    const auto value = reference(bytes, unsure);
    if (!value || !value->is_object()) return;
    // find_members takes only the object, without blanks around it.
    const auto begin = bytes.find('{');
    const auto object = bytes.substr(begin, bytes.rfind('}') + 1 - begin);
    constexpr std::array<std::string_view, 4> names{"status", "ids", "bytes", "a"};
    std::array<std::string_view, names.size()> found;
    find_members(object, names, found);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto* const expected = value->get_object().if_contains(names[i]);
        require((expected != nullptr) == !found[i].empty(), "a member was found that is not there, or not");
        if (expected == nullptr) continue;
        require(json_text(found[i]) == text_of(*expected), "another text was found");
        const auto elements = json_elements(found[i]);
        const auto* const list = expected->if_array();
        require(elements.size() == (list ? list->size() : 1), "another number of elements");
        for (std::size_t n = 0; list && n < list->size(); ++n)
            require(json_text(elements[n]) == text_of((*list)[n]), "another element was found");
    }
}

void json_patched(std::string_view bytes) {
    // With equal keys the result depends on the order of changes, so such texts are skipped.
    const auto value = parse_json(with_room(bytes));
    if (value.has_error()) return;
    if (has_minus_zero(bytes)) return; // a DOM loses the sign that our text keeps
    std::string ours;
    append_patched(ours, bytes, {cursors, post_ids, dropped});
    auto expected = *value;
    patch(expected);
    bool unsure = false;
    const auto actual = reference(ours, unsure);
    require(actual.has_value() && *actual == expected, "patched otherwise than said");
}

} // namespace gateway::fuzz
