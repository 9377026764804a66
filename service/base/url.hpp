// The only parser of URLs, strict for all sources: callers, operators, TikTok. A URL that two parsers could
// read differently is refused, so that rules about host and path see the real host and path. The fuzz tests
// compare it with Boost.URL, which accepts more than is safe to pass on, and gives no reason that a caller
// could act on. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

inline constexpr std::size_t max_url_bytes = 4096;

struct web_url {
    bool secure = false;    // https
    std::string host;       // lower case: a name, an IPv4 address, or an IPv6 address in brackets
    std::uint16_t port = 0; // the scheme's default if none is given
    std::string path;       // unchanged: empty, or from its first slash
    std::string query = {}; // unchanged: empty, or from its `?`
    bool operator==(const web_url&) const = default;

    /// localhost, 127.0.0.0/8 or ::1: data sent there does not leave the machine.
    bool on_loopback() const;
};

enum class url_schemes { https, https_or_http };

/// Gives what is wrong (completes "video_url: …"), or nothing, and fills `into`. Visible ASCII only, no user,
/// no fragment, no backslash. The host is a name of letters, digits, hyphens and dots, or an address in its
/// usual notation, not in the others that resolvers accept. The path has no character that must be escaped,
/// no invalid escape and no dot segment, escaped or not. Escaped slashes are allowed here (see
/// has_escaped_slash), and the query is not checked further.
std::optional<std::string> read_url(std::string_view text, url_schemes takes, web_url& into);

/// Whether the path has `%2f` or `%5c`: decoded, it has other segments. That matters only for rules about
/// prefixes.
bool has_escaped_slash(std::string_view path);

/// Whether `path` is `prefix` or below it: `/app` covers `/app/x`, not `/apple`. An empty path means `/`.
bool is_path_under(std::string_view path, std::string_view prefix);

/// A name of letters, digits and hyphens between dots.
bool is_host_name(std::string_view lower_case);
/// Whether the last label begins with a digit. That is so in every notation of an address that resolvers
/// accept (decimal, octal, hexadecimal, short), and in no top-level name (RFC 3696 §2).
bool ends_like_address(std::string_view host);

} // namespace gateway
