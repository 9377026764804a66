// The stored link of a user to a TikTok account. Plain values. The store holds no secrets: token pairs are
// stored sealed.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::store {

enum class connection_state { connected, refresh_in_doubt, reconnect_required, revoked };
inline constexpr std::size_t connection_states = 4;
std::string_view name_of(connection_state state);
/// An unknown name gives the safest value.
connection_state connection_state_named(std::string_view name);

/// The link of one user to one TikTok account, without its tokens.
struct connection_summary {
    user_id user;
    open_id account;
    std::string scopes; // comma list, as TikTok granted it
    connection_state state = connection_state::connected;
    std::string cause;         // why it is not `connected`; empty otherwise
    std::uint64_t version = 0; // of the token pair; increases by one with each pair, never reused
    wall_time access_expires_at;
    wall_time refresh_expires_at;
    wall_time connected_at;
    wall_time updated_at;
};

struct connection_record : connection_summary {
    std::string sealed_tokens; // the pair, sealed for this user and version; empty once wiped
};

/// A sealed pair that is no longer the newest, kept for a week for repair, and never refreshed again by
/// itself. A `candidate` is a pair from TikTok whose replica had lost the lease before it could store it.
enum class kept_reason { previous, candidate };
struct kept_tokens_record {
    user_id user;
    std::uint64_t version = 0; // the version for which it was sealed
    kept_reason reason = kept_reason::previous;
    std::string sealed_tokens;
    wall_time kept_at;
};

} // namespace gateway::store
