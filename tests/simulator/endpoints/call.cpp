#include "endpoints/call.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace gateway::simulator {

namespace {

boost::json::object error_object(call& c, std::string_view code, std::string_view message) {
    c.record.error_code = code;
    return {{"code", code}, {"message", message}, {"log_id", c.record.log_id}};
}

} // namespace

answer succeed(call& c, boost::json::object data) {
    answer out;
    out.body = boost::json::serialize(
        boost::json::object{{"data", std::move(data)}, {"error", error_object(c, "ok", "")}});
    return out;
}

answer succeed_without_data(call& c) {
    answer out;
    out.body = boost::json::serialize(boost::json::object{{"error", error_object(c, "ok", "")}});
    return out;
}

answer refuse(call& c, int status, std::string_view code, std::string_view message) {
    boost::json::object body;
    if (c.w.config.choice.refused_data == "empty") body["data"] = boost::json::object{};
    body["error"] = error_object(c, code, message);
    answer out;
    out.status = status;
    out.body = boost::json::serialize(body);
    return out;
}

answer refuse_params(call& c, std::string_view message) {
    return refuse(c, 400, "invalid_params", message);
}

answer refuse_post_params(call& c, std::string_view message) {
    const bool singular = c.w.config.choice.invalid_params_spelling == "singular";
    return refuse(c, 400, singular ? "invalid_param" : "invalid_params", message);
}

answer refuse_rate(call& c, milliseconds wait) {
    answer out = refuse(c, 429, "rate_limit_exceeded",
                        "The API rate limit was exceeded. Please retry the request again later.");
    if (c.w.config.choice.retry_after == "sent") {
        out.headers.emplace_back("Retry-After", std::to_string((wait.count() + 999) / 1000));
    }
    return out;
}

answer refuse_token(call& c) {
    return refuse(c, 401, "access_token_invalid", "The access token is invalid or not found in the request.");
}

answer refuse_scope(call& c) {
    return refuse(c, 401, "scope_not_authorized",
                  "The user did not authorize the scope required for completing this request.");
}

answer not_found() {
    answer out;
    out.status = 404;
    out.content_type = "text/plain; charset=utf-8";
    out.body = "Unsupported path(Janus)";
    return out;
}

answer refuse_oauth(call& c, std::string_view error, std::string_view description) {
    c.record.error_code = error;
    answer out;
    out.status = error == "invalid_client" ? 401 : 400;
    if (c.w.config.choice.oauth_error_status == "200") out.status = 200;
    out.headers.emplace_back("Cache-Control", "no-store");
    out.body = boost::json::serialize(boost::json::object{
        {"error", error}, {"error_description", description}, {"log_id", c.record.log_id}});
    return out;
}

const grant* authenticate(call& c) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view header = c.in.header("authorization");
    if (!header.starts_with(scheme)) return nullptr;
    const std::string text(header.substr(scheme.size()));
    if (const token* known = c.w.tokens.find(text)) {
        c.record.token_id = known->id;
        c.record.account = c.w.tokens.grant_of(*known).username;
        c.record.client_key = c.w.tokens.grant_of(*known).client_key;
    }
    return c.w.tokens.holder_of(text, c.w.now());
}

bool has_scope(const grant& consent, std::string_view scope) {
    return std::find(consent.scopes.begin(), consent.scopes.end(), scope) != consent.scopes.end();
}

} // namespace gateway::simulator
