#include "user_api/window_refusals.hpp"

#include <chrono>
#include <string>

namespace gateway::user_api {

failure window_is_full(tiktok::endpoint which, const limits::no_slot& refused) {
    const auto wait_s = std::chrono::ceil<seconds>(refused.wait).count();
    std::string sentence = "TikTok accepts " + std::to_string(refused.status.limit) + " ";
    sentence += tiktok::row_of(which).counts;
    sentence += " a minute for this user; try again in " + std::to_string(wait_s)
                + (wait_s == 1 ? " second." : " seconds.");
    return failure(errc::rate_limited, std::move(sentence))
        .scope(limit_scope::tiktok_user)
        .retry_after(refused.wait);
}

failure limits_are_away(milliseconds wait) {
    return failure(errc::vault_unavailable,
                   "How many of TikTok's calls are left to this user is told by the store, which does not "
                   "answer; try again soon.")
        .retry_after(wait);
}

} // namespace gateway::user_api
