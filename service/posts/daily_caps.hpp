// TikTok's caps of a creator and a day, which it does not tell in advance (docs/limits.md), counted from the
// ledger. That knows the posts of this gateway with all of its users of the account, but none that other apps
// made, or that were made before the account was connected. Pure; check_caps.cpp asks the ledger and TikTok.
#pragma once
#include "base/result.hpp"
#include "settings/settings.hpp"
#include "store/post_record.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace gateway::posts {

inline constexpr milliseconds one_day{86'400'000};

/// Nothing: that cap is not known (the setting is 0).
struct caps_left {
    std::optional<std::uint32_t> pending_shares, direct_posts, active_users;
};

/// A draft that its creator has not finished, as far as the ledger knows, and that TikTok still counts.
bool is_pending_share(const store::post_record& post, wall_time now);
/// A direct post that TikTok still counts.
bool is_direct_of_today(const store::post_record& post, wall_time now);

/// Nothing if the cap is not known.
std::optional<std::uint32_t> left_of_cap(std::uint32_t cap, std::uint64_t used);

/// Of the posts of one account.
caps_left left_of(const settings::daily_caps& caps, const std::vector<store::post_record>& recent,
                  wall_time now);

/// `pending`: as many as the cap, newest first. rate_limited, limit_scope tiktok_daily, with the time until
/// the oldest of them is a day old.
failure too_many_pending_shares(const std::vector<store::post_record>& pending, std::uint32_t cap,
                                wall_time now);

} // namespace gateway::posts
