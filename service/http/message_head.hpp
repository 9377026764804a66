// What the gates read from a header block. All texts are views into that block: copy what is still needed
// before its memory is moved or reused. Plain values, any thread.
#pragma once
#include "http/peer.hpp"
#include "http/verb.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::http {

// Bounds on a caller's header block (docs/promises.md C09, C10). One byte more is refused.
inline constexpr std::size_t max_fields = 100;
inline constexpr std::size_t max_field_line_bytes = 8 * 1024;
inline constexpr std::size_t max_header_bytes = 16 * 1024;
inline constexpr std::size_t max_target_bytes = 8 * 1024;
// Bounds on TikTok's header block (U10). They are wider: TikTok's front servers add fields and cookies, and a
// refused answer leaves a post in doubt.
inline constexpr std::size_t max_answer_field_line_bytes = 16 * 1024;
inline constexpr std::size_t max_answer_header_bytes = 64 * 1024;

/// The bounds that apply to the sender of the block.
struct head_bounds {
    std::size_t field_line_bytes, header_bytes;
    const char *field_line_too_long, *header_too_long;
};
inline constexpr head_bounds bounds_of_callers{max_field_line_bytes, max_header_bytes,
                                               "A header field is longer than 8 KB.",
                                               "The header fields are longer than 16 KB together."};
inline constexpr head_bounds bounds_of_tiktok{max_answer_field_line_bytes, max_answer_header_bytes,
                                              "A header field is longer than 16 KB.",
                                              "The header fields are longer than 64 KB together."};
constexpr const head_bounds& bounds_of(peer from) {
    return from == peer::caller ? bounds_of_callers : bounds_of_tiktok;
}

/// How the bytes after a header block are counted (RFC 9112 §6). `until_close`: an answer without a length,
/// from TikTok only; its body is whole where TLS was closed properly (U05).
enum class framing : unsigned char { none, length, chunked, until_close };

struct body_frame {
    framing kind = framing::none;
    std::uint64_t length_bytes = 0; // with framing::length only, else 0
};

struct request_head {
    verb method = verb::unknown;
    int minor_version = 1; // HTTP/1.x
    bool keep_alive = true;
    bool expect_continue = false;
    body_frame body;

    std::string_view target; // as it came
    std::string_view path;   // from the first '/', or "*" with OPTIONS; not decoded, already normal
    std::string_view query;  // without '?', not decoded
    std::string_view host;   // with port when given; empty only in HTTP/1.0, where Host is optional

    // Fields we read, empty when absent. Each stands at most once (else 400), except the two marked "first".
    std::string_view authorization;
    std::string_view api_key; // x-api-key
    std::string_view idempotency_key;
    std::string_view content_type;
    std::string_view content_digest;
    std::string_view request_timeout; // x-request-timeout
    std::string_view tiktok_signature;
    std::string_view request_id;  // x-request-id, first
    std::string_view traceparent; // first
};

struct response_head {
    int status = 0; // 100…599
    int minor_version = 1;
    bool keep_alive = true;
    body_frame body; // none for 1xx, 204 and 304

    std::string_view retry_after;
    std::string_view content_range;
    std::string_view log_id; // x-tt-logid

    /// 1xx: another head follows on the same connection.
    bool informational() const { return status < 200; }
};

} // namespace gateway::http
