// Which URLs of callers we hand on to TikTok (failure-catalogue S01-S03). The gateway never fetches them;
// still nothing passes that two parsers could read differently. Pure.
#pragma once
#include "base/url_parts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// The reason to refuse (completes "photo_images[3]: …"), or nothing when `url` is fine: https, a name and no
/// address in any notation, port 443 or none, no user, no fragment, plain characters, no dot segments. The
/// query is not looked into, and escaped slashes are the path's own business. `verified_prefixes`, when there
/// are any, are TikTok's URL properties (tiktok-api §5.4): `https://host/path/` covers the paths below it on
/// exactly that host, a bare `example.com` covers that name and all names under it. Where a prefix decides by
/// the path, an escaped slash in it is refused.
std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes);

/// The same rules for an entry of the settings; the reason when it is none.
std::optional<std::string> refuse_url_prefix(std::string_view prefix);

} // namespace gateway
