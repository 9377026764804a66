// Which URLs are accepted from callers and from operators (docs/promises.md S01-S03, G01). The rules apply to
// URLs that were parsed strictly (url.hpp). Pure.
#pragma once
#include "base/url.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// For URLs of callers, which are passed on to TikTok and never fetched by the gateway. Gives the reason to
/// refuse (completes "photo_images[3]: …"), or nothing if `url` is accepted: https, a public name, port 443
/// or none. `verified_prefixes`, when there are any, are TikTok's URL properties (docs/tiktok-wire.md §5.4):
/// `https://host/path/` covers the paths below it on exactly that host, a bare `example.com` covers that name
/// and all names under it. If a prefix with a path decides, an escaped slash in the URL's path is refused.
std::optional<std::string> refuse_url(std::string_view url,
                                      const std::vector<std::string>& verified_prefixes);
/// The rules about port and host, for a parsed URL.
std::optional<std::string> refuse_host_of(const web_url& url);

/// For URLs to which the gateway itself sends: the rules of refuse_url, but a host that fits one of
/// `allowed_hosts` (patterns) may be any name or an IPv4 address, and may have a port. Fills `into`.
std::optional<std::string> refuse_receiver_url(std::string_view url,
                                               const std::vector<std::string>& allowed_hosts, web_url& into);

/// The same rules for an entry of the settings; gives the reason if it is invalid.
std::optional<std::string> refuse_url_prefix(std::string_view prefix);

/// For URLs of operators: `scheme://host[:port][/path]`, the scheme in lower case. It is used as a prefix, so
/// it must mean the same after decoding: no query, no `*`, no escaped dot, slash or backslash.
std::optional<web_url> read_web_address(std::string_view url);

/// True when `url` has the prefix's scheme, host and port, and a path equal to or below the prefix's.
/// Compares the parts of parsed URLs, never the text; an escaped slash in either path is refused. The query
/// is ignored.
bool is_url_under(std::string_view url, std::string_view prefix);
bool is_url_under_any(std::string_view url, const std::vector<std::string>& prefixes);

} // namespace gateway
