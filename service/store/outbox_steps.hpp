// The steps of one turn of the outbox, in their order; each runs inside the turn's unit. Private to store/.
#pragma once
#include "store/outbox.hpp"
#include "store/statement.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace gateway::store {

// Of one turn, because calls wait meanwhile.
inline constexpr std::size_t claimed_max = 50;
inline constexpr std::uint64_t dropped_max = 100;

/// `now` of all steps is the database's.
task<void> write_end(transaction& at, const delivery_end& end, std::int64_t now);

/// The URLs that have answered 410, by caller.
using ended_receivers = std::map<caller_name, std::string, std::less<>>;
task<ended_receivers> read_ended(transaction& at);
/// Without those of an older receiver of the same caller: another URL is open again.
task<ended_receivers> read_ended(transaction& at, const std::vector<open_receiver>& receivers);

/// Those that nobody has taken for so long: tried in vain, or of callers who have no receiver any more. One
/// that is under way is not due, and waits for its end.
task<std::vector<dropped_deliveries>> give_up(transaction& at, std::int64_t now);
/// What waits for a receiver that has ended, a portion at a time; of a subject everything, because what waits
/// for an older one would wait for ever without it.
task<std::vector<dropped_deliveries>> drop_ended(transaction& at, const caller_name& caller);
/// Deletes one delivery, and releases the next of its caller and subject.
task<void> drop_delivery(transaction& at, const delivery& what, std::int64_t now);

/// Claims what is due, for callers in turn: those behind the last one of the turn before come first, so that
/// none has to wait for the others to have nothing left.
task<void> claim_for_all(transaction& at, const outbox_turn& what, const ended_receivers& ended,
                         std::int64_t now, outbox_claims& out);

} // namespace gateway::store
