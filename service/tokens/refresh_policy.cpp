#include "tokens/refresh_policy.hpp"

#include "store/connection_causes.hpp"

#include <algorithm>

namespace gateway::tokens {

milliseconds ahead_of(const vault::token_set& tokens, milliseconds refresh_ahead) {
    const auto lifetime = tokens.access_expires_at - tokens.received_at;
    return std::max(milliseconds{0}, std::min(refresh_ahead, lifetime / 2));
}

bool is_good(const vault::token_set& tokens, wall_time now) {
    const auto lifetime = tokens.access_expires_at - tokens.received_at;
    const auto last = std::min(expiry_margin, std::max(milliseconds{0}, lifetime / 4));
    return !tokens.access_token.empty() && now < tokens.access_expires_at - last;
}

token_step decide(const vault::token_set& tokens, wall_time now, milliseconds refresh_ahead, bool blocked) {
    using store::connection_state;
    const bool good = is_good(tokens, now);
    if (tokens.state == connection_state::revoked) return token_step::reconnect;
    if (tokens.state == connection_state::reconnect_required) {
        // Only the answer to a refresh was lost: TikTok still accepts the access token until it expires
        // (T04).
        return good && tokens.cause == store::cause::rotation_response_lost ? token_step::use
                                                                            : token_step::reconnect;
    }
    const bool can_refresh = !tokens.refresh_token.empty() && now < tokens.refresh_expires_at;
    if (good) {
        const bool near = now >= tokens.access_expires_at - ahead_of(tokens, refresh_ahead)
                          || tokens.state == connection_state::refresh_in_doubt;
        return near && can_refresh && !blocked ? token_step::use_and_refresh : token_step::use;
    }
    if (!can_refresh) return token_step::reconnect;
    return blocked ? token_step::wait : token_step::refresh;
}

refusal_decision classify_refusal(const refused_pair& pair, const refusal_times& times) {
    constexpr milliseconds shortest{500};
    constexpr std::uint32_t enough = 2; // refreshes, the second at least `young_token_age` after the first
    if (pair.taken_there || !pair.age) return {refusal_step::refresh};
    const milliseconds age = *pair.age;
    if (age < times.propagation_grace)
        return {refusal_step::send_again,
                std::min(std::max(2 * age, shortest), times.propagation_grace - age)};
    if (!pair.taken && pair.forced_in_a_row >= enough) {
        if (age >= times.certain) return {refusal_step::reconnect};
        return {refusal_step::try_later, times.certain - age};
    }
    if (age < times.young_token_age && pair.forced_in_a_row > 0)
        return {refusal_step::try_later, times.young_token_age - age};
    return {refusal_step::refresh};
}

std::uint32_t forced_after(const refused_pair& pair) {
    // After hours of use, perhaps at another replica, this process's knowledge of the pair is outdated.
    constexpr milliseconds memory = std::chrono::hours{2};
    const bool goes_on = !pair.taken && pair.age && *pair.age < memory;
    return goes_on ? pair.forced_in_a_row + 1 : 1;
}

} // namespace gateway::tokens
