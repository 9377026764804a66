// All errors that callers can see. The number is the HTTP status followed by two digits, and the enumerator's
// name is the public `problem.code`, so no second table is needed. Numbers are never reused. tests/contract
// compares this list with openapi.yaml.
#pragma once
#include <span>
#include <string_view>

namespace gateway {

// GATEWAY_ERROR(number, name, retryable, when it happens)
#define GATEWAY_ERRORS(GATEWAY_ERROR)                                                                        \
    GATEWAY_ERROR(40001, malformed_request, false, "the bytes are not HTTP/1.1 as RFC 9112 has it")          \
    GATEWAY_ERROR(40002, malformed_json, false, "the body is not JSON, has duplicate keys or is too deep")   \
    GATEWAY_ERROR(40101, unauthenticated, false,                                                             \
                  "no valid key; unknown and revoked keys get the same answer")                              \
    GATEWAY_ERROR(40301, forbidden, false, "this key may not do this action")                                \
    GATEWAY_ERROR(40302, missing_scope, false, "the user did not grant what this call needs")                \
    GATEWAY_ERROR(40303, creator_not_authorized, false, "only videos of connected users can be read")        \
    GATEWAY_ERROR(40304, unaudited_client, false, "TikTok has not audited the app: private posts only")      \
    GATEWAY_ERROR(40305, posting_refused, false, "TikTok's trust and safety rules refuse this post")         \
    GATEWAY_ERROR(40306, url_ownership_unverified, false, "the URL is not under a verified prefix")          \
    GATEWAY_ERROR(40307, privacy_level_not_allowed, false,                                                   \
                  "the creator's account does not offer this level")                                         \
    GATEWAY_ERROR(40401, no_such_route, false, "no row has this path")                                       \
    GATEWAY_ERROR(40402, user_not_connected, false, "no connection under this user_id for this caller")      \
    GATEWAY_ERROR(40403, no_such_post, false, "this user has no such publish_id")                            \
    GATEWAY_ERROR(40404, no_such_file, false, "no such file, or it has expired")                             \
    GATEWAY_ERROR(40501, method_not_allowed, false, "the path exists, the verb does not; see Allow")         \
    GATEWAY_ERROR(40801, request_timeout, true, "the request did not arrive in time")                        \
    GATEWAY_ERROR(40901, reconnect_required, false, "the user has to connect again")                         \
    GATEWAY_ERROR(40902, in_progress, true, "a call with this Idempotency-Key is still running")             \
    GATEWAY_ERROR(40903, outcome_unknown, false,                                                             \
                  "TikTok may have posted; ask for the status before a retry")                               \
    GATEWAY_ERROR(40904, creator_action_required, false, "only the creator can finish this in the app")      \
    GATEWAY_ERROR(40905, not_ready, true, "TikTok is still processing")                                      \
    GATEWAY_ERROR(40906, not_cancellable, false, "too late to cancel, or nothing that can be cancelled")     \
    GATEWAY_ERROR(40907, post_failed, false, "TikTok took the post and then failed it")                      \
    GATEWAY_ERROR(41101, length_required, false, "an upload needs Content-Length")                           \
    GATEWAY_ERROR(41301, too_large, false, "the body is larger than this route takes")                       \
    GATEWAY_ERROR(41401, uri_too_long, false, "the request target is longer than 8 KB")                      \
    GATEWAY_ERROR(41501, unsupported_media_type, false, "this route does not take this Content-Type")        \
    GATEWAY_ERROR(41701, expectation_failed, false, "an Expect other than 100-continue")                     \
    GATEWAY_ERROR(42201, invalid_input, false, "well formed, but not what the action takes; see fields")     \
    GATEWAY_ERROR(42202, idempotency_key_reused, false, "this Idempotency-Key was used for another request") \
    GATEWAY_ERROR(42901, rate_limited, true, "a limit is reached; limit_scope says whose")                   \
    GATEWAY_ERROR(43101, headers_too_large, false, "too many header fields, or too long")                    \
    GATEWAY_ERROR(50001, internal, false, "a fault of ours; the request_id finds it in the log")             \
    GATEWAY_ERROR(50101, not_implemented, false, "an HTTP method or coding this server does not know")       \
    GATEWAY_ERROR(50201, tiktok_error, true, "TikTok failed, or its answer is not one that we can read")     \
    GATEWAY_ERROR(50202, tiktok_unreachable, true, "no usable connection to TikTok")                         \
    GATEWAY_ERROR(50203, tiktok_tls, false, "TikTok's certificate or TLS is not acceptable")                 \
    GATEWAY_ERROR(50204, app_refused, true,                                                                  \
                  "TikTok refuses the app's key or secret: the operator's business")                         \
    GATEWAY_ERROR(50301, overloaded, true, "a bound of this service is reached")                             \
    GATEWAY_ERROR(50302, draining, true, "this replica is shutting down")                                    \
    GATEWAY_ERROR(50303, vault_unavailable, true, "the store behind the vault does not answer")              \
    GATEWAY_ERROR(50401, deadline_exceeded, true, "the deadline passed before the answer was there")         \
    GATEWAY_ERROR(50501, http_version, false, "only HTTP/1.1 and HTTP/1.0 are spoken here")

enum class errc : int {
#define GATEWAY_ERROR(number, name, retryable, when) name = number,
    GATEWAY_ERRORS(GATEWAY_ERROR)
#undef GATEWAY_ERROR
};

/// The facts that hold for every use of a code.
struct error_facts {
    errc code;
    std::string_view name; // the public problem.code
    bool retryable;        // the same call can succeed later without being changed
    std::string_view when;
};

constexpr int http_status(errc code) {
    return static_cast<int>(code) / 100;
}

/// The facts of a code; every enumerator has a row.
const error_facts& facts(errc code);

/// All rows, for tests and for the contract.
std::span<const error_facts> all_errors();

} // namespace gateway
