// The stored link of a user to a TikTok account. Plain values. The store holds no secrets: token pairs are
// stored sealed.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/named_value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::store {

enum class connection_state { connected, refresh_in_doubt, reconnect_required, revoked };
inline constexpr std::size_t connection_states = 4;
constexpr std::array<std::string_view, connection_states> names_of(connection_state) {
    return {"connected", "refresh_in_doubt", "reconnect_required", "revoked"};
}

/// What shows that the tokens of a connection are of its account: TikTok gave the pair, or has named the
/// account for the access token of an import, or nothing yet (connections of earlier versions).
enum class account_proof { pair, access_token, none };
constexpr std::array<std::string_view, 3> names_of(account_proof) {
    return {"pair", "access_token", "none"};
}

/// A number for each state, indexed by it.
using connections_by_state = std::array<std::uint64_t, connection_states>;

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
    std::string app; // the TikTok app (client_key) that got it; empty: from before apps were noted
    account_proof proof = account_proof::none;
};

/// As far as is known, TikTok takes its pair.
inline bool is_in_use(const connection_summary& of) {
    return of.state == connection_state::connected || of.state == connection_state::refresh_in_doubt;
}

/// Another TikTok app got it: under `app` its tokens are neither used nor judged.
inline bool is_of_another_app(const connection_summary& of, std::string_view app) {
    return !of.app.empty() && of.app != app;
}

struct connection_record : connection_summary {
    std::string sealed_tokens; // the pair, sealed for this app, user and version; empty once wiped
};

/// A sealed pair that is no longer the newest, kept for repair: the last five of a user, for a week, and
/// never refreshed again by itself. A `candidate` is a pair from TikTok whose replica had lost the lease
/// before it could store it.
enum class kept_reason { previous, candidate };
constexpr std::array<std::string_view, 2> names_of(kept_reason) {
    return {"previous", "candidate"};
}
struct kept_tokens_record {
    user_id user;
    std::uint64_t version = 0; // the version for which it was sealed
    kept_reason reason = kept_reason::previous;
    std::string sealed_tokens;
    wall_time kept_at;
    std::string app; // for which it was sealed
};

} // namespace gateway::store
