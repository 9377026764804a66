// AES-256-GCM with the record's name as authenticated data: a blob that was moved to another record, or an
// old version that was restored, does not open. Pure; any thread.
//
// Blob: 0x01 | length of key id (1 byte) | key id | nonce (12 bytes, random) | ciphertext | tag (16 bytes).
// Random 96-bit nonces are safe for 2^32 seals under one key (NIST SP 800-38D §8.3); at ten refreshes a
// second, the default limit, they last thirteen years. key_uses.hpp counts them.
#pragma once
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "vault/key_ring.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::vault {

/// The purpose of a sealed value, its owner and its version.
struct record_name {
    std::string_view purpose; // "tokens", "verifier", "key_check"
    std::string_view owner;   // user_id, state hash, key id
    std::uint64_t version = 0;
};

inline record_name name_of_pair(const user_id& user, std::uint64_t version) {
    return {"tokens", user.text(), version};
}

enum class open_error {
    malformed,   // not in this format, or truncated
    unknown_key, // sealed under a key that is not in the ring
    refused      // the tag is wrong: changed bytes, another record, another version
};

/// Seals under the newest key.
std::string seal(const key_ring& keys, const record_name& name, std::string_view plain);

using opened = boost::system::result<secret, open_error>;
opened open(const key_ring& keys, const record_name& name, std::string_view blob);

/// The first bytes of every blob that is sealed under this key.
std::string blob_prefix(std::string_view key_id);

/// The key id in the blob; empty if it is not in this format.
std::string_view key_id_of(std::string_view blob);

[[noreturn]] void throw_exception_from_error(open_error error, const boost::source_location&);

} // namespace gateway::vault
