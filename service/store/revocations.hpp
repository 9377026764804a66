// Grants that are to be ended at TikTok: their pairs stay sealed until TikTok has answered, for a bounded
// number of tries, and those of another TikTok app until the gateway runs under that one, as long as they are
// of use. A new grant of the same account deletes the row, because a revoke would end it, too. When a row may
// be tried is told by the database's clock, the same for all replicas. A role of the store; any thread.
#pragma once
#include "store/connection_record.hpp"
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
    std::string app; // which alone can revoke it; empty: of before apps were noted, and not known yet
    open_id account;
    std::string sealed_tokens;
    std::uint32_t tries = 0;
    bool refused = false;                      // TikTok has refused its refresh token, once
    bool answer_lost = false;                  // to its refresh: a newer pair may exist that nobody has
    account_proof proof = account_proof::pair; // who gave the lifetimes: TikTok, else the caller of an import
    wall_time expires_at;                      // then the pair is of no use to anybody
    milliseconds wait{0};                      // for a new one: nobody else tries before; not read
};

/// Whether a revoke may be sent. `held`: it would end somebody's grant, and the row is deleted.
/// `held_doubtfully`: it may (connections::doubtful_holders()). `gone`: another try has ended it.
enum class revoke_verdict { allowed, held, held_doubtfully, gone };

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
    /// Rows of this app (or of none) that may be tried now, and were tried fewer times than `tries_below`:
    /// the oldest first.
    task<result<std::vector<revocation_record>>> due(std::string app, std::uint32_t tries_below,
                                                     std::uint32_t limit, deadline until);
    /// The right of this app to ask TikTok once, for the time of `wait`. `false`: another replica has it, the
    /// row is gone, or somebody holds the account by now, and then the row is deleted.
    task<result<bool>> claim(revocation_record seen, std::string app, milliseconds wait, wall_time now,
                             deadline until);
    /// A refreshed pair, and its app, in the row of this number; gives the row's number. Where another try
    /// has deleted the row it is a new one, so that the pair is not lost. Zero: somebody holds the account.
    task<result<std::uint64_t>> replace(revocation_record anew, wall_time now, deadline until);
    /// The same for the refresh of a connection that has ended meanwhile: the pair takes the place of the one
    /// of this user's version. If there is none, it is a new row where the user is not connected to the
    /// account any more. `false`: the user is, by a newer pair, or somebody else holds the account.
    task<result<bool>> renew(revocation_record anew, wall_time now, deadline until);
    /// `refused` and `answer_lost` of this pair.
    task<result<void>> note_trouble(revocation_record seen, deadline until);
    /// Asked before each request.
    task<result<revoke_verdict>> judge(revocation_record seen, wall_time now, deadline until);
    /// TikTok has answered, or the last try has failed. A row with another pair by now, of a refresh that
    /// ended meanwhile, stays.
    task<result<void>> remove(revocation_record seen, deadline until);
};

} // namespace gateway::store
