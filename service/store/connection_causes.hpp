// Why a connection is not `connected`: the words that the store keeps and callers read (`ConnectionCause` in
// openapi.yaml).
#pragma once
#include <array>
#include <string_view>

namespace gateway::store::cause {

/// A refresh may have been answered with a pair that nobody has.
inline constexpr std::string_view rotation_response_lost = "rotation_response_lost";
/// TikTok takes the refresh token no more, or its time is over.
inline constexpr std::string_view refresh_token_invalid = "refresh_token_invalid";
inline constexpr std::string_view refresh_token_expired = "refresh_token_expired";
/// TikTok takes no access token of this connection, not even a new one.
inline constexpr std::string_view access_token_refused = "access_token_refused";
/// TikTok answered a refresh with another account's tokens.
inline constexpr std::string_view answer_for_another_account = "answer_for_another_account";

/// Of an event alone: a caller has disconnected the user, and there is no row any more.
inline constexpr std::string_view disconnected = "disconnected";

/// These two are found when a connection is read, and stand in no row: its sealed tokens do not open, or
/// another TikTok app got them.
inline constexpr std::string_view sealed_record_damaged = "sealed_record_damaged";
inline constexpr std::string_view other_app = "other_app";

/// TikTok's word by webhook: by the `reason` of `authorization.removed`, the first for a number that is not
/// known (docs/tiktok-wire.md §7).
inline constexpr std::array<std::string_view, 6> by_removal{"authorization_removed", "user_disconnected",
                                                            "account_deleted",       "account_age_changed",
                                                            "account_banned",        "revoked_by_developer"};

inline constexpr std::array<std::string_view, 7> by_gateway{rotation_response_lost,
                                                            refresh_token_invalid,
                                                            refresh_token_expired,
                                                            access_token_refused,
                                                            answer_for_another_account,
                                                            sealed_record_damaged,
                                                            other_app};

} // namespace gateway::store::cause
