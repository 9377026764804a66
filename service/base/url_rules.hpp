// Which URLs are taken, by whose they are (docs/promises.md S01-S03, G01). Each rule is about a URL that was
// read strictly (url.hpp). Pure.
#pragma once
#include "base/url.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Of callers, handed on to TikTok; the gateway never fetches them. The reason to refuse (completes
/// "photo_images[3]: …"), or nothing when `url` is fine: https, a public name, port 443 or none.
/// `verified_prefixes`, when there are any, are TikTok's URL properties (docs/tiktok-wire.md §5.4):
/// `https://host/path/` covers the paths below it on exactly that host, a bare `example.com` covers that name
/// and all names under it. Where a prefix decides by the path, an escaped slash in it is refused.
std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes);
/// The same of a URL that was read: port and host.
std::optional<std::string> refuse_host_of(const web_url& url);

/// The same rules for an entry of the settings; the reason when it is none.
std::optional<std::string> refuse_url_prefix(std::string_view prefix);

/// Of operators: `scheme://host[:port][/path]`, the scheme in lower case. It is a prefix of others, or gets
/// more appended, so nothing in it may read differently after decoding: no query, no `*`, no dot, slash or
/// backslash in disguise.
std::optional<web_url> read_web_address(std::string_view url);

/// True when `url` has the prefix's scheme, host and port, and a path equal to or below the prefix's.
/// Compared as parsed URLs, piece by piece, never as text; an escaped slash in either path is refused. The
/// query is not looked into.
bool is_url_under(std::string_view url, std::string_view prefix);
bool is_url_under_any(std::string_view url, const std::vector<std::string>& prefixes);

} // namespace gateway
