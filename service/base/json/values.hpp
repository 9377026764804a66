// Small values of a JSON document that is built as a DOM: for answers that are not on the hot path. Pure.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gateway {

inline boost::json::value json_text_or_null(std::string_view text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

/// The text of a member; empty if it is absent or not a string.
inline std::string_view json_text_at(const boost::json::object& from, std::string_view name) {
    const boost::json::value* value = from.if_contains(name);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

/// The text of a document. Each byte of its strings that is not valid UTF-8 becomes U+FFFD, since some texts
/// come from outside.
std::string serialize_json(const boost::json::value& document);

inline boost::json::array json_list(const std::vector<std::string>& texts) {
    return boost::json::array(texts.begin(), texts.end());
}

} // namespace gateway
