// The steps of one turn of the outbox, in their order; each runs inside the turn's unit. Private to store/.
#pragma once
#include "store/outbox.hpp"
#include "store/statement.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store {

// Of one turn, because calls wait meanwhile.
inline constexpr std::size_t claimed_max = 50;
inline constexpr std::uint64_t dropped_max = 100;

/// `now` of all steps is the database's.
task<void> write_end(transaction& at, const delivery_end& end, const outbox_turn& of, std::int64_t now);

/// A URL that has answered 410. Replicas may have different settings for a while, and none knows whose are
/// newer; so the end holds for this URL alone, and until `others_until` nothing of its caller is dropped,
/// because another replica has another URL.
struct ended_url {
    std::int64_t ended_at = 0, others_until = 0;
};
using ended_urls = std::map<std::pair<caller_name, std::string>, ended_url>;
task<ended_urls> read_ended(transaction& at);
/// Says of each ended URL that this replica has another one of the same caller, which has not ended. It is
/// believed for an hour, so a replica takes a turn more often than every half hour, also without work.
task<void> say_others(transaction& at, const std::vector<open_receiver>& receivers, ended_urls& ended,
                      std::int64_t now);

/// Those that nobody has taken for so long: tried in vain, or of callers who have no receiver any more. One
/// that is under way is not due, and waits for its end.
task<std::vector<dropped_delivery>> give_up(transaction& at, std::int64_t now);
/// What waits for a receiver that has ended, a portion at a time; of a subject everything, because what waits
/// for an older one would wait for ever without it.
task<std::vector<dropped_delivery>> drop_ended(transaction& at, const caller_name& caller,
                                               const ended_url& end);
/// Deletes one delivery, and releases the next of its caller and subject.
task<void> drop_delivery(transaction& at, const delivery& what, std::int64_t now);

/// Claims what is due, for callers in turn: those behind the last one of the turn before come first, so that
/// none has to wait for the others to have nothing left.
task<void> claim_for_all(transaction& at, const outbox_turn& what, const ended_urls& ended, std::int64_t now,
                         outbox_claims& out);

} // namespace gateway::store
