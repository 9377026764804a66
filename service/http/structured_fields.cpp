#include "http/structured_fields.hpp"

#include <charconv>

namespace gateway::http {
namespace {

void append_number(std::string& out, std::int64_t number) {
    char text[24];
    const char* const end = std::to_chars(text, text + sizeof text, number).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
}

void append_member(std::string& out, bool first, std::string_view name) {
    if (!first) out.append(", ");
    out.push_back('"');
    out.append(name);
    out.push_back('"');
}

} // namespace

void append_rate_limit_policy(std::string& out, std::span<const quota_policy> policies) {
    bool first = true;
    for (const auto& policy : policies) {
        append_member(out, first, policy.name);
        first = false;
        out.append(";q=");
        append_number(out, policy.quota);
        out.append(";w=");
        append_number(out, policy.window_s);
    }
}

void append_rate_limit(std::string& out, std::span<const quota_left> left) {
    bool first = true;
    for (const auto& quota : left) {
        append_member(out, first, quota.name);
        first = false;
        out.append(";r=");
        append_number(out, quota.remaining);
        out.append(";t=");
        append_number(out, quota.reset_s);
    }
}

} // namespace gateway::http
