// Who holds a TikTok account: a revoke at TikTok ends all of the app's access to it, so it is asked for only
// if nobody else's grant would end. Operations inside a unit of the account (engine.hpp). Private to store/.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <string>

namespace gateway::store {

class transaction;
struct connection_record;
enum class account_proof;

/// Whether a revoke would certainly end a grant that is not of `except` (who may be empty): a connection with
/// a living access token that TikTok gave with its pair (also one that waits beside that of another app), a
/// login that waits for its confirmation, or an import that is not complete.
task<bool> is_held(transaction& at, const open_id& account, const std::string& app, const user_id& except,
                   wall_time now);
/// Whether a revoke may end somebody's grant: connections::doubtful_holders() are those to try first.
task<bool> is_held_doubtfully(transaction& at, const open_id& account, const std::string& app, wall_time now);
/// The number of other users who are connected to the account of this new connection; counts no further than
/// `most`. For the proof `pair` only pairs that TikTok gave count, so that nobody is kept out by tokens that
/// are worth nothing; for another one all count.
task<std::uint64_t> users_besides(transaction& at, const connection_record& of, account_proof proof,
                                  std::uint64_t most);
/// For a new grant of the account: a revocation that waits would end it.
task<void> drop_revocations_of(transaction& at, const open_id& account, const std::string& app);

} // namespace gateway::store
