// One user's decrypted tokens. Immutable except `accepted`. Shared, because a refresh replaces the set while
// calls still run with the old one.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "store/connection_record.hpp"
#include "vault/scope_lists.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::vault {

/// Tokens from TikTok, to be stored. An empty refresh token keeps the current one (a refresh only).
struct fresh_tokens {
    secret access_token;
    secret refresh_token;
    open_id account;
    std::string scopes; // comma list; empty: as before (a refresh only)
    milliseconds access_lifetime{0};
    milliseconds refresh_lifetime{0};  // 0: as before (a refresh only)
    std::uint32_t forced_in_a_row = 0; // of token_set
    store::account_proof proof = store::account_proof::pair;
    std::optional<wall_time> granted_at = {}; // by TikTok's clock; of a grant, where it is known

    fresh_tokens copy() const {
        return {access_token.copy(), refresh_token.copy(), account, scopes,    access_lifetime,
                refresh_lifetime,    forced_in_a_row,      proof,   granted_at};
    }
};

/// The kinds of calls (numbers of tiktok::endpoint) for which TikTok accepted a pair in this process. Written
/// by the code that sends, on any worker.
class acceptance {
public:
    acceptance() = default;
    acceptance(const acceptance& other) : kinds_(other.kinds_.load(std::memory_order_relaxed)) {}
    acceptance& operator=(const acceptance& other) {
        kinds_.store(other.kinds_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return *this;
    }
    void note(unsigned kind) {
        if (!by(kind)) kinds_.fetch_or(1U << kind, std::memory_order_relaxed);
    }
    bool by(unsigned kind) const { return (kinds_.load(std::memory_order_relaxed) >> kind & 1U) != 0; }
    bool by_any() const { return kinds_.load(std::memory_order_relaxed) != 0; }

private:
    std::atomic<std::uint32_t> kinds_{0};
};

struct token_set {
    // The members that every call reads come first and together, because with many users each cache line is a
    // miss.
    store::connection_state state = store::connection_state::connected;
    mutable acceptance accepted; // the only member that changes
    wall_time connected_at;      // of the login or import; by TikTok's clock if it is known
    wall_time received_at;       // of this pair
    wall_time access_expires_at;
    secret access_token;   // empty once wiped
    shared_scopes granted; // null: none
    std::uint64_t version = 0;

    user_id user;
    open_id account;
    secret refresh_token;
    std::string cause;
    wall_time refresh_expires_at;
    /// How many refreshes in a row, of all replicas, were made because of a 401 without TikTok accepting
    /// their tokens, as far as known. Stored with the pair, so that the replicas together do not refresh too
    /// often.
    std::uint32_t forced_in_a_row = 0;
    store::account_proof proof = store::account_proof::pair;
    /// From before apps were noted: TikTok's refusal says nothing about the user until it has taken such a
    /// pair under this app (token_vault::is_judged).
    bool without_app = false;
    /// The version under which the tokens are sealed; zero without tokens. It differs from `version` where a
    /// row did not open and an earlier pair took its place: nobody vouches for that row's version.
    std::uint64_t sealed_version = 0;
    /// The user's row is of another TikTok app: nothing of it was opened, and it has no tokens here.
    bool of_another_app = false;

    const scope_list& scopes() const {
        static const scope_list none;
        return granted ? *granted : none;
    }

    /// How long ago a refresh gave this pair; nothing for the pair of a login or an import. If another
    /// replica received it, its clock may be ahead of ours (Q02).
    std::optional<milliseconds> age_since_refresh(wall_time now) const {
        if (received_at <= connected_at) return std::nullopt;
        return std::chrono::abs(now - received_at);
    }
    /// So young that some of TikTok's servers may not accept it yet.
    bool renewed_within(milliseconds age, wall_time now) const {
        const auto has = age_since_refresh(now);
        return has && *has < age;
    }
    bool has_scope(std::string_view name) const {
        return std::find(scopes().begin(), scopes().end(), name) != scopes().end();
    }
    /// Only a new login can make it usable again.
    bool is_over() const {
        return state == store::connection_state::revoked
               || state == store::connection_state::reconnect_required;
    }
    bool usable(wall_time now) const {
        return !is_over() && !access_token.empty() && now < access_expires_at;
    }
};

using shared_tokens = std::shared_ptr<const token_set>;

} // namespace gateway::vault
