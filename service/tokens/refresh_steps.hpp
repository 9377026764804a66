// The steps of one refresh and what they share: it begins and ends in refresh_flight.cpp, refresh_settle.cpp
// decides what TikTok's answer means, refresh_store.cpp keeps a new pair. Private to this folder.
#pragma once
#include "tiktok/oauth_answers.hpp"
#include "tokens/token_service_state.hpp"

#include <optional>
#include <string>

namespace gateway::tokens {

/// A refresh that holds its lease.
struct refresh_attempt {
    token_service::state& s;
    const flight& one;
    store::lease held;
    vault::shared_tokens from;
    bool lost_before = false; // an earlier answer for the same pair was lost
    deadline until;
    steady_time leased_at{}; // not later than the lease was given
    wall_time asked_at = {}; // last
};

failure store_trouble();
refresh_outcome newest(vault::shared_tokens tokens, bool asked = false);
refresh_outcome broken(failure why);
refresh_outcome failed(refresh_result how, vault::shared_tokens tokens, failure why);
/// TikTok gives no tokens for this pair.
refresh_outcome refused(refresh_result how, vault::shared_tokens tokens, failure why);

/// For what follows TikTok's answer, also in a process that was paused until the refresh's time was over.
deadline time_to_end();
/// Another refresh was faster: its result is used.
task<refresh_outcome> look_again(refresh_attempt& a);
task<void> note_state(refresh_attempt& a, store::connection_state now_is, std::string cause);

// refresh_settle.cpp
task<refresh_outcome> settle(refresh_attempt& a, tiktok::token_outcome& outcome);

// refresh_store.cpp
/// What TikTok has just answered.
task<refresh_outcome> store_answer(refresh_attempt& a, const tiktok::token_answer& answer);
/// The pair for a.from that waits on this replica's disk; nothing: there is none.
task<std::optional<refresh_outcome>> store_spooled(refresh_attempt& a);
/// All pairs of the user that wait on the disk, also of one who is not connected any more.
task<refresh_outcome> store_all_spooled(refresh_attempt& a);

} // namespace gateway::tokens
