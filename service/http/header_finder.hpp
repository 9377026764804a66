// Finds the end of a header block while its bytes still arrive, and fails early on bytes that can never
// become one: bare line feeds, TLS or noise on a plain port, endless headers. One per message, owned by the
// session or connection.
#pragma once
#include "base/result.hpp"
#include "http/peer.hpp"

#include <cstddef>
#include <string_view>

namespace gateway::http {

struct head_bounds;

/// The sentence of a 414, before the route is known: the ways that are left (docs/contract.md §5).
inline constexpr const char* target_too_long =
    "The request target is longer than 8 KB. A long caption goes with an upload as a form "
    "(multipart/form-data, part input), or as JSON with the file_id of POST /v1/files; other inputs go into "
    "a "
    "JSON body.";

class header_finder {
public:
    explicit header_finder(peer from = peer::caller);

    /// `received` is everything from the first byte of the message on, each time longer than before; it may
    /// hold bytes after the block. Gives the length of the block with its empty line, or 0 while the end is
    /// not there yet. Errors: malformed_request, headers_too_large (C09), uri_too_long (C10); from TikTok
    /// tiktok_error.
    result<std::size_t> look(std::string_view received);
    void reset();

private:
    /// What is over its bound; null if nothing is.
    const char* excess(std::size_t bytes) const;
    failure refuse(const char* what) const;

    peer from_;
    const head_bounds& bounds_;
    std::size_t scanned_ = 0;    // bytes whose line feeds are found
    std::size_t line_start_ = 0; // first byte of the line we are in
    std::size_t lines_ = 0;      // complete lines, the first one included
};

/// One call for a block that is already in memory.
result<std::size_t> find_header_end(std::string_view received, peer from = peer::caller);

} // namespace gateway::http
