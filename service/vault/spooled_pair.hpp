// A pair that TikTok gave and that waits on this replica's disk while the store is away (pair_spool.hpp). Its
// file is a head in plain text, which says whose pair it is, and the sealed tokens; the head is authenticated
// with them, so that a changed one does not open. Pure.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/connection_record.hpp"
#include "vault/token_set.hpp"
#include "vault/token_text.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::vault {

/// What the pair is of. `refresh`: of a user's connection, or of a grant that is to be revoked. `import`: of
/// whoever brings the refresh token that was sent. `login`: of a login that was finished.
enum class spooled_kind : std::uint8_t { refresh, import, login };
constexpr std::array<std::string_view, 3> names_of(spooled_kind) {
    return {"refresh", "import", "login"};
}

struct spooled_pair {
    spooled_kind what = spooled_kind::refresh;
    std::string app;           // the TikTok app that got it
    user_id user;              // empty: nobody's yet
    std::uint64_t version = 0; // of a refresh: of the pair that it replaces
    std::uint64_t fence = 0;   // of a refresh: of its lease; zero: it had none
    std::string sent_hash;     // SHA-256 of the refresh token that was sent; empty: none
    store::account_proof proof = store::account_proof::pair;
    wall_time granted_at; // by TikTok's clock, where it is known
    std::string login;    // of a login: what decides where the grant goes (connections/spooled_login.hpp)
    /// Empty values and lifetimes of zero mean "as before", as in fresh_tokens.
    token_text text;

    spooled_pair copy() const;
    /// Its lifetimes count from text.received_at.
    fresh_tokens tokens() const;
    /// TikTok takes none of its tokens any more, as far as it has said when they end.
    bool is_of_no_use(wall_time now) const;
};

/// The pair of `fresh`, as it was received.
spooled_pair spooled(spooled_kind what, std::string app, const fresh_tokens& fresh, wall_time received_at);

/// The authenticated head: without the tokens.
std::string write_spool_head(const spooled_pair& of);
/// Without `text`. Nothing: it is not one.
std::optional<spooled_pair> read_spool_head(std::string_view head);

/// The bytes of a file, and its parts.
std::string join_spool_file(std::string_view head, std::string_view sealed);
struct spool_file_parts {
    std::string_view head, sealed;
};
std::optional<spool_file_parts> split_spool_file(std::string_view bytes);

} // namespace gateway::vault
