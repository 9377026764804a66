// The one strict reading of a URL, whoever wrote it: callers, operators, TikTok. What two parsers could read
// differently is no URL, so that a rule about a host sees the host and one about a path the path. Boost.URL
// is held against it by the fuzz tests; it takes more than is safe to hand on, and gives no reason that a
// caller could act on. Pure.
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
    std::string host;       // lower case: a name, an IPv4 address, or an IPv6 address in its brackets
    std::uint16_t port = 0; // the scheme's own where none is given
    std::string path;       // as it came: empty, or from its first slash
    std::string query = {}; // as it came: empty, or from its `?`
    bool operator==(const web_url&) const = default;

    bool names_address() const;
    /// localhost, 127.0.0.0/8 or ::1: what is sent there crosses no wire.
    bool on_loopback() const;
};

enum class url_schemes { https, https_or_http };

/// What is wrong with it (completes "video_url: …"), or nothing and `into` is filled. Visible ASCII only, no
/// user, no fragment, no backslash. The host is a name of letters, digits, hyphens and dots, or an address in
/// its usual notation and in no other that resolvers take. The path holds no character that must be escaped,
/// no bad escape and no dot segment, not even a disguised one. Escaped slashes are the path's own business
/// (hides_slash), and a query that of whoever serves it.
std::optional<std::string> read_url(std::string_view text, url_schemes takes, web_url& into);

/// Holds `%2f` or `%5c`: who decodes it sees other segments than we do. That matters only where a prefix
/// decides.
bool hides_slash(std::string_view path);

/// `path` is `prefix` or lies below it: `/app` covers `/app/x`, not `/apple`. An empty path stands for `/`.
bool is_path_under(std::string_view path, std::string_view prefix);

/// A name of letters, digits and hyphens between dots.
bool is_host_name(std::string_view lower_case);
/// Every notation of an address that resolvers take (decimal, octal, hexadecimal, short) ends in a label that
/// begins with a digit, and no top-level name does (RFC 3696 §2).
bool ends_like_address(std::string_view host);

} // namespace gateway
