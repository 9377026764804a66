// Which URLs of callers we hand on to TikTok (failure-catalogue S01-S03). The gateway never fetches them;
// still nothing passes that two parsers could read differently. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

inline constexpr std::size_t max_url_bytes = 2048;

/// The reason to refuse (completes "photo_images[3]: …"), or nothing when `url` is fine: https, a name and no
/// address in any notation, port 443 or none, no user, no fragment, plain characters. `verified_prefixes`,
/// when there are any, are TikTok's URL properties (tiktok-api §5.4): `https://host/path/` covers what begins
/// with it on exactly that host, a bare `example.com` covers that name and all names under it.
std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes);

/// The same rules for an entry of the settings; the reason when it is none.
std::optional<std::string> refuse_url_prefix(std::string_view prefix);

} // namespace gateway
