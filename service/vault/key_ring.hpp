// The keys of the vault: a file of lines `ID:BASE64` (32 bytes), `#` comments, the last line is the newest.
// The newest key seals, every key opens. Immutable after reading; any thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::vault {

inline constexpr std::size_t key_size_bytes = 32; // AES-256
inline constexpr std::size_t key_id_size_max = 32;

struct vault_key {
    std::string id; // 1…32 of A-Z a-z 0-9 . _ -
    secret bytes;
};

class key_ring {
public:
    /// Fails with `internal` and a sentence that names the line, never its content.
    static result<key_ring> parse(std::string_view text);
    /// Reads the file of `vault.keys_file`. A file that other users can read, that the group can write, or
    /// that belongs to another user is refused (0600, 0640, 0400, 0440 are accepted).
    static result<key_ring> read(const std::string& path);

    const vault_key& newest() const { return keys_.back(); }
    /// Null: no such key.
    const vault_key* find(std::string_view id) const;
    const std::vector<vault_key>& all() const { return keys_; }
    /// Adds the keys of `before` that this ring lacks, as older ones: they open and never seal.
    void keep_for_opening(const key_ring& before);

private:
    std::vector<vault_key> keys_;
};

/// One line for the file, with a new key, as `new-vault-key` prints it. The id contains the date:
/// k20261123-1f3a.
std::string new_vault_key_line(wall_time now);

} // namespace gateway::vault
