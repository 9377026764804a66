// A request and an answer of an endpoint: texts, no sockets.
#pragma once
#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::simulator {

using header_list = std::vector<std::pair<std::string, std::string>>;
using form_fields = std::vector<std::pair<std::string, std::string>>;

struct request {
    std::string method;
    std::string path;    // without query, as sent
    std::string query;   // without '?', as sent
    header_list headers; // names in lower case
    std::string body;

    /// The first field of that (lower-case) name; empty when absent.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;
};

struct answer {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8"; // empty: no body
    header_list headers;
    std::string body;
};

/// application/x-www-form-urlencoded; nothing when an escape is broken.
std::optional<form_fields> parse_form(std::string_view text);
/// The first value of a name.
const std::string* find_field(const form_fields& fields, std::string_view name);
std::string field_or_empty(const form_fields& fields, std::string_view name);
/// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX.
std::string form_encoded(std::string_view text);
std::string html_escaped(std::string_view text);

std::vector<std::string> split_list(std::string_view text, char at = ',');
std::string join_list(const std::vector<std::string>& items, char with = ',');

} // namespace gateway::simulator
