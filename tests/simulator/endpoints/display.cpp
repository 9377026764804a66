#include "endpoints/display.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace gateway::simulator {

std::optional<milliseconds> take_display_place(call& c, const std::string& endpoint) {
    const bool per_token = c.w.config.choice.display_limit_per == "token";
    const std::string& holder = per_token ? c.record.token_id : c.record.client_key;
    return c.w.windows.take(endpoint + "\n" + holder, c.w.config.limits.display_per_minute,
                            milliseconds{c.w.config.limits.window_ms}, c.w.now());
}

std::optional<string_list> requested_fields(call& c) {
    const auto query = parse_form(c.in.query);
    if (!query) return std::nullopt;
    string_list fields = split_list(field_or_empty(*query, "fields"));
    if (fields.empty() || std::find(fields.begin(), fields.end(), "") != fields.end()) return std::nullopt;
    return fields;
}

std::optional<boost::json::object> json_body(const request& in) {
    if (in.body.empty()) return boost::json::object{};
    // Both spellings of the type stand in the manual's examples.
    const std::string_view type = in.header("content-type");
    if (!type.starts_with("application/json")) return std::nullopt;
    boost::json::error_code problem;
    boost::json::value parsed = boost::json::parse(in.body, problem);
    if (problem || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.as_object());
}

} // namespace gateway::simulator
