// Grants that are to be ended at TikTok: their pairs stay sealed until TikTok has answered, for a bounded
// number of tries. A new grant of the same account deletes the row, because a revoke would end it, too. A
// role of the store; any thread.
#pragma once
#include "store/role.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

struct import_proof_record;
struct pending_grant_record;

/// Found by number and account, because SQLite gives numbers of deleted rows again.
struct revocation_record {
    std::uint64_t number = 0; // given by the store
    user_id user;             // who was disconnected; empty: the grant never became a connection
    std::uint64_t version = 0;
    std::string app;
    open_id account;
    std::string sealed_tokens;
    std::uint32_t tries = 0;
    wall_time next_at; // nobody else tries before
};

/// Inside a unit of the account: gives the row's number.
task<std::uint64_t> add_revocation(transaction& at, const revocation_record& record);

class revocations : private role {
public:
    using role::role;

    /// For a grant that never becomes a connection: nothing is kept if somebody else holds the account.
    /// Grants of one account are decided one after the other, so that of two that end at the same time one is
    /// the last.
    task<result<void>> put(revocation_record record, wall_time now, deadline until);
    /// The same for a grant that waits for a confirmation, and waits no longer. `false`: it is not as it was
    /// seen; another replica was first, or somebody confirms it.
    task<result<bool>> put_in_place_of(pending_grant_record seen, revocation_record record, wall_time now,
                                       deadline until);
    /// The same for the pair of an import that was never completed.
    task<result<bool>> put_in_place_of(import_proof_record seen, revocation_record record, wall_time now,
                                       deadline until);
    /// Rows of this app that may be tried now, the oldest first.
    task<result<std::vector<revocation_record>>> due(std::string app, wall_time now, std::uint32_t limit,
                                                     deadline until);
    /// The right to ask TikTok once, until `again_at`. `false`: another replica has it, the row is gone, or
    /// somebody holds the account by now, and then the row is deleted.
    task<result<bool>> claim(revocation_record seen, wall_time now, wall_time again_at, deadline until);
    /// A refreshed pair in place of the one that was sealed before; `false`: the row is gone.
    task<result<bool>> replace(revocation_record seen, std::string sealed_anew, deadline until);
    /// `false`: a new grant of the account has deleted it.
    task<result<bool>> is_there(std::uint64_t number, open_id account, deadline until);
    /// TikTok has answered, or the last try has failed. A row with another pair by now, of a refresh that
    /// ended meanwhile, stays.
    task<result<void>> remove(revocation_record seen, deadline until);
};

} // namespace gateway::store
