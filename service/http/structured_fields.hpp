// The fields RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10: lists of quoted names
// with parameters (RFC 9651). Pure.
#pragma once
#include "base/append.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::http {

struct quota_policy {
    std::string_view name; // from a closed set: letters and '_'
    std::int64_t quota = 0;
    std::int64_t window_s = 0;
    bool operator==(const quota_policy&) const = default;
};

struct quota_left {
    std::string_view name;
    std::int64_t remaining = 0;
    std::int64_t reset_s = 0;
};

/// `"caller";q=600;w=60, "tiktok_user";q=6;w=60`, cached while the policies stay the same, as they usually do
/// from call to call. Used by one thread.
class policy_text {
public:
    std::string_view of(std::span<const quota_policy> policies); // until the next call

private:
    std::vector<quota_policy> shown_;
    std::string text_;
};

/// `"tiktok_user";r=4;t=31, "caller";r=599;t=60`, in the order given: the tightest first.
void put_rate_limit(string_appender& out, std::span<const quota_left> left);

} // namespace gateway::http
