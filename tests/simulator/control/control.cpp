#include "control/control.hpp"

#include "base/pattern.hpp"
#include "configure/load.hpp"
#include "control/calls.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace gateway::simulator {

namespace {

answer healthz(world&, const request&) {
    return json_answer({{"ok", true}});
}

answer change(world& w, const request& in) {
    try {
        change_settings(w.config, in.body);
    } catch (const settings_error& problem) {
        return control_error(problem.what());
    }
    return json_answer({{"ok", true}});
}

answer put_account(world& w, const request& in) {
    try {
        const YAML::Node document = YAML::Load(in.body);
        account_settings facts;
        const std::string name = document["username"].as<std::string>("");
        if (const account* known = w.find_account(name)) facts = known->facts;
        read_account(node_reader(document, "account"), facts);
        w.put_account(facts);
    } catch (const settings_error& problem) {
        return control_error(problem.what());
    } catch (const YAML::Exception& problem) {
        return control_error(problem.what());
    }
    return json_answer({{"ok", true}});
}

/// Everything with a lifetime ages by that time: tokens, codes, windows, drafts, upload URLs.
answer advance_clock(world& w, const request& in) {
    const auto body = control_body(in);
    const std::int64_t ahead_ms = body ? number_of(*body, "advance_ms", -1) : -1;
    if (ahead_ms < 0) return control_error("advance_ms must be a whole number, zero or more");
    w.clock_ahead += milliseconds{ahead_ms};
    w.advance(w.now() + milliseconds{ahead_ms});
    return json_answer({{"now_ms", unix_ms(w.now())}});
}

answer close_connections(world& w, const request& in) {
    const auto body = control_body(in);
    const std::string which = body ? text_of(*body, "close") : "";
    if (which != "idle" && which != "all") return control_error("close must be idle or all");
    w.out.close_connections = which;
    return json_answer({{"ok", true}});
}

struct row {
    std::string_view method;
    std::string_view path;
    answer (*handle)(world&, const request&);
};

constexpr row rows[] = {
    {"GET", "/healthz", healthz},
    {"POST", "/settings", change},
    {"POST", "/accounts", put_account},
    {"POST", "/clock", advance_clock},
    {"POST", "/connections", close_connections},
    {"GET", "/history", show_history},
    {"DELETE", "/history/requests", forget_requests},
    {"GET", "/history/posts/*", show_post},
    {"GET", "/history/secrets", show_secrets},
    {"POST", "/posts/*/state", move_post},
    {"POST", "/tokens", make_tokens},
    {"POST", "/tokens/expire", expire_tokens},
    {"POST", "/tokens/revoke", revoke_account},
    {"POST", "/webhooks", send_event},
    {"GET", "/faults", list_faults},
    {"POST", "/faults", add_fault},
    {"DELETE", "/faults", clear_faults},
};

} // namespace

answer json_answer(const boost::json::value& value, int status) {
    answer out;
    out.status = status;
    out.content_type = "application/json";
    out.body = boost::json::serialize(value);
    return out;
}

answer control_error(const std::string& why, int status) {
    return json_answer({{"error", why}}, status);
}

std::optional<boost::json::object> control_body(const request& in) {
    if (in.body.empty()) return boost::json::object{};
    boost::json::error_code problem;
    boost::json::value parsed = boost::json::parse(in.body, problem);
    if (problem || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.as_object());
}

std::string text_of(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string{};
}

std::int64_t number_of(const boost::json::object& from, std::string_view key, std::int64_t otherwise) {
    const auto* found = from.if_contains(key);
    return found && found->is_int64() ? found->as_int64() : otherwise;
}

answer control(world& w, const request& in) {
    for (const row& one : rows) {
        if (one.method == in.method && matches(one.path, in.path)) return one.handle(w, in);
    }
    return control_error("no such control call: " + in.method + " " + in.path, 404);
}

} // namespace gateway::simulator
