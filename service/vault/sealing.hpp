// AES-256-GCM with the record's name authenticated: a blob moved to another record, or an old version put
// back, does not open. Pure; any thread.
//
// Blob: 0x01 | length of key id (1 byte) | key id | nonce (12 bytes, random) | ciphertext | tag (16 bytes).
// Random 96-bit nonces are safe for 2^32 seals under one key (NIST SP 800-38D §8.3); at the ten refreshes a
// second the service allows itself by default that is thirteen years. key_uses.hpp counts them.
#pragma once
#include "base/secret.hpp"
#include "vault/key_ring.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::vault {

/// What a sealed value is for, whose it is, and which version of it.
struct record_name {
    std::string_view purpose; // "tokens", "verifier", "key_check"
    std::string_view owner;   // user_id, state hash, key id
    std::uint64_t version = 0;
};

enum class open_error {
    malformed,   // not a blob of ours, or cut short
    unknown_key, // sealed under a key the ring does not hold
    refused      // the tag does not fit: changed bytes, another record, another version
};

/// Seals under the newest key.
std::string seal(const key_ring& keys, const record_name& name, std::string_view plain);

using opened = boost::system::result<secret, open_error>;
opened open(const key_ring& keys, const record_name& name, std::string_view blob);

/// The bytes every blob sealed under this key begins with.
std::string blob_prefix(std::string_view key_id);

/// The id of the key this blob says it was sealed under; empty: it is no blob of ours.
std::string_view key_id_of(std::string_view blob);

[[noreturn]] void throw_exception_from_error(open_error error, const boost::source_location&);

} // namespace gateway::vault
