// How a URL is cut before any rule looks at it, so that a rule about a path sees the path, one about a host
// the host, and a query is kept as it came: its escapes are the business of whoever serves it. Every URL we
// read, of callers, of settings and of TikTok, is cut here. Views into the text. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

inline constexpr std::size_t max_url_bytes = 4096;

struct url_parts {
    std::string_view scheme;    // case as it came, without `://`
    std::string_view authority; // not judged
    std::string_view path;      // empty, or from its first slash
    std::string_view query;     // empty, or from its `?`
};

/// What is wrong with the text as a whole (completes "video_url: …"): its length, bytes that are not visible
/// ASCII, a fragment, or a backslash, which browsers read as a slash. Nothing when it can be cut.
std::optional<std::string> refuse_url_text(std::string_view url);

/// Nothing without `scheme://`. The text should have passed refuse_url_text.
std::optional<url_parts> cut_url(std::string_view url);

/// What is wrong with a path, whatever it is compared with: characters that must be escaped, escapes that are
/// none or stand for NUL, and dot segments, also in disguise, which another parser would resolve.
std::optional<std::string> refuse_path(std::string_view path);

/// Holds `%2f` or `%5c`: who decodes it sees other segments than we do. That matters only where a prefix
/// decides.
bool hides_slash(std::string_view path);

/// `path` is `prefix` or lies below it: `/app` covers `/app/x`, not `/apple`. An empty path stands for `/`.
bool path_lies_under(std::string_view path, std::string_view prefix);

std::string lower_ascii(std::string_view text);

} // namespace gateway
