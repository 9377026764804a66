// AES-256-GCM with the record's name as authenticated data: a blob that was moved to another record, purpose,
// version or TikTok app does not open (docs/promises.md V05). A whole old row that a writer of the database
// puts back, blob and name together, does open: nothing outside of the database remembers the newer one,
// except for a replica that has seen it (token_cache.hpp); and what a replica that has not writes next is
// believed by all. Pure; any thread.
//
// Blob: format | length of key id (1 byte) | key id | nonce (12 bytes, random) | ciphertext | tag (16 bytes).
// Format 0x02: the app is a part of the name. Format 0x01: a name without app, and it opens for no other.
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
    // "tokens", "import_proof", "revocation", "login", "login_outcome", "waiting_grant", "key_check",
    // "spooled_pair"
    std::string_view purpose;
    // user_id, hash of the refresh token, open_id, a login's or grant's facts (login_seals.cpp), key id,
    // the head of a spooled pair
    std::string_view owner;
    std::uint64_t version = 0;
    std::string_view app = {}; // the TikTok app's client_key
};

/// `app` is empty for a pair from before apps were noted.
inline record_name name_of_pair(std::string_view user, std::uint64_t version, std::string_view app) {
    return {"tokens", user, version, app};
}

enum class open_error {
    malformed,   // not in this format, or truncated
    unknown_key, // sealed under a key that is not in the ring
    refused      // the tag is wrong: changed bytes, another record, another version, another app
};

/// Seals under the newest key.
std::string seal(const key_ring& keys, const record_name& name, std::string_view plain);

using opened = boost::system::result<secret, open_error>;
opened open(const key_ring& keys, const record_name& name, std::string_view blob);

/// The bytes behind the first one, of every blob that is sealed under this key.
std::string key_mark(std::string_view key_id);

/// The key id in the blob; empty if it is not in this format.
std::string_view key_id_of(std::string_view blob);

[[noreturn]] void throw_exception_from_error(open_error error, const boost::source_location&);

} // namespace gateway::vault
