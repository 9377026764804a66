// Content-Type, strictly (RFC 9110 §8.3, RFC 2046 §5.1.1). Views into the field's value. Pure.
#pragma once
#include <optional>
#include <string_view>

namespace gateway::http {

struct media_type {
    std::string_view type;     // "application" of application/json, case as it came
    std::string_view subtype;  // "json"
    std::string_view charset;  // unquoted, empty when absent
    std::string_view boundary; // checked to be 1…70 of the characters RFC 2046 allows, empty when absent

    /// is("application", "json"); lower case.
    bool is(std::string_view lower_type, std::string_view lower_subtype) const;
    bool is_json() const { return is("application", "json"); }
    bool is_video() const;
    bool is_multipart_form() const { return is("multipart", "form-data"); }
};

/// Nothing for anything out of grammar, and for a charset or boundary given twice or with a quoted pair.
std::optional<media_type> parse_media_type(std::string_view value);

} // namespace gateway::http
