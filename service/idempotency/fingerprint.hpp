// The fingerprint by which two requests with one Idempotency-Key count as the same request
// (docs/contract.md §5); computed before the bytes of an upload are read. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace boost::json {
class object;
}

namespace gateway::idempotency {

struct request_identity {
    std::string_view slug;
    std::string_view user_id;
    std::string_view path;                   // its parameters but the user
    const boost::json::object& inputs;       // canonical: checked, with defaults, in the row's order
    std::optional<std::uint64_t> file_bytes; // if the body is the file
    std::string_view content_digest;
};

/// 32 bytes of SHA-256. Each part is hashed with its length, so that two identities never give the same text.
std::string fingerprint(const request_identity& of);

/// The fingerprint of one part of a call; `shared` holds the inputs that all parts have in common.
std::string fingerprint_of_part(std::string_view slug, std::string_view user_id,
                                const boost::json::object& shared, std::string_view part);

} // namespace gateway::idempotency
