#include "http/structured_fields.hpp"

#include "base/digits.hpp"

#include <algorithm>

namespace gateway::http {

std::string_view policy_text::of(std::span<const quota_policy> policies) {
    if (!std::equal(shown_.begin(), shown_.end(), policies.begin(), policies.end())) {
        shown_.assign(policies.begin(), policies.end());
        text_.clear();
        for (const auto& policy : policies)
            append_all(text_, text_.empty() ? "\"" : ", \"", policy.name,
                       "\";q=", number_text::of(policy.quota), ";w=", number_text::of(policy.window_s));
    }
    return text_;
}

void put_rate_limit(string_appender& out, std::span<const quota_left> left) {
    std::string_view before = "\"";
    for (const auto& quota : left) {
        out.put(before, quota.name, "\";r=", number_text::of(quota.remaining),
                ";t=", number_text::of(quota.reset_s));
        before = ", \"";
    }
}

} // namespace gateway::http
