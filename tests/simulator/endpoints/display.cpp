#include "endpoints/display.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cctype>

namespace gateway::simulator {

namespace {

bool may_be_json(std::string_view type, const switches& choice) {
    std::string media(type.substr(0, type.find(';')));
    std::transform(media.begin(), media.end(), media.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    // The documentation uses both spellings of the type; TikTok is known to refuse a form.
    if (media.starts_with("application/json")) return true;
    const bool form =
        media.starts_with("application/x-www-form-urlencoded") || media.starts_with("multipart/");
    return choice.json_type == "free" && !form;
}

} // namespace

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

std::optional<boost::json::object> json_body(const call& c) {
    if (c.in.body.empty()) return boost::json::object{};
    if (!may_be_json(c.in.header("content-type"), c.w.config.choice)) return std::nullopt;
    boost::json::error_code problem;
    boost::json::value parsed = boost::json::parse(c.in.body, problem);
    if (problem || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.as_object());
}

} // namespace gateway::simulator
