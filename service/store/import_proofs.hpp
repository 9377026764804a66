// What imports have proven (connections/importing.hpp): a pair that TikTok gave for the refresh token of an
// import waits for a day, so that nothing is lost if the import is refused or its answer does not arrive. A
// completed import is remembered without its pair, as long as the user is connected and the given refresh
// token lives, so that the same import again brings no old pair back: the last five of a user. A role of the
// store; any thread.
#pragma once
#include "store/connection_record.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

/// The pair waits for this long for the import to be completed.
inline constexpr milliseconds import_proof_time = std::chrono::hours{24};

struct import_proof_record {
    std::string refresh_hash; // SHA-256 of the refresh token that was sent
    std::string app;
    open_id account;           // empty: TikTok has not named it yet
    std::string sealed_tokens; // empty: they are in the connection of `user`
    wall_time granted_at;      // by TikTok's clock, if it is known
    wall_time expires_at;
    user_id user; // for whom the import was completed
};

// In the unit of the user and account that stores the connection:
/// Whether another import of this refresh token keeps this one from being stored. With the pair that waited
/// (`has_pair`): that pair does not wait any more. With the tokens as they were given: the pair of a refresh
/// waits, or the import was completed for another user, or for this one, who is still connected (`there`).
task<bool> import_conflicts(transaction& at, const std::string& refresh_hash, bool has_pair,
                            const connection_record& record, const std::optional<connection_summary>& there);
/// The import is complete, and the pair is in the connection.
task<void> complete_import(transaction& at, const std::string& refresh_hash, const connection_record& record);
/// `false` if it is not as it was seen any more.
task<bool> drop_unfinished(transaction& at, const import_proof_record& seen);
/// The user's connection ends.
task<void> forget_imports(transaction& at, const user_id& user);

class import_proofs : private role {
public:
    using role::role;

    task<result<std::optional<import_proof_record>>> find(std::string refresh_hash, std::string app,
                                                          wall_time now, deadline until);
    /// Replaces an earlier one. A revocation of the same account that waits would end this pair's grant, too,
    /// so it is forgotten.
    task<result<void>> put(import_proof_record record, deadline until);
    /// Pairs of any app whose time is over, of imports that were never completed; oldest first.
    task<result<std::vector<import_proof_record>>> due(wall_time now, std::uint32_t limit, deadline until);
    /// Deletes the pairs of an account that TikTok gave at `until_then` or before: the user has left there.
    task<result<void>> drop_of_account(open_id account, std::string app, wall_time until_then,
                                       deadline until);
};

} // namespace gateway::store
