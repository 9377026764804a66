// The only place that sees both a token and its ciphertext. Shared by all workers: the store behind it is
// thread-safe, the cache of opened sets is sharded and locked for nanoseconds, never across a wait. Owned by
// main.
//
// Failures of all calls: user_not_connected (no such connection), vault_unavailable, deadline_exceeded.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "runtime/task.hpp"
#include "store/store.hpp"
#include "vault/key_ring.hpp"
#include "vault/token_set.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::vault {

/// What became of a pair that TikTok gave. Without `tokens` it is not the user's pair: something newer is
/// there (a grant, a revocation), or, `held_by_another`, somebody else has the lease by now. Then it is kept
/// beside, and may be saved once that one has ended without a newer pair.
struct saved_refresh {
    shared_tokens tokens;
    bool held_by_another = false;
};

/// How often things happened, since start; for metrics and alarms.
struct vault_counts {
    std::uint64_t opened = 0, sealed = 0;
    std::uint64_t damaged = 0; // a record whose tag did not fit: somebody should look
};

/// One page on the way of sealed pairs to the newest key.
struct reseal_step {
    std::uint64_t resealed = 0;
    std::uint64_t unreadable = 0; // damaged, left as they are
    std::string next;             // empty: that was the last page
};

struct key_standing {
    std::string id;
    std::uint64_t uses = 0; // seals under it, a little more after each restart
};

class token_vault {
public:
    token_vault(store::store& records, key_ring keys, std::size_t cached_users_max = 100'000);
    ~token_vault();

    /// Once, before anything else: refuses a ring that lacks a key the store needs, and touches nothing then.
    /// The failure's message is for the operator.
    task<result<store::done>> check_keys(deadline until);

    /// While serving, from SIGHUP: held to the same check, and refused with the old ring in place; then the
    /// new one's newest key seals at once. A key that the new ring lacks opens what was on its way, until the
    /// end of the process.
    task<result<store::done>> change_keys(key_ring fresh, deadline until);
    /// How many rings there were, this one included.
    std::uint64_t rings() const;

    // What is sealed under an older key, on its way to the newest. Each step stands alone: nothing is to be
    // remembered over a crash but what is still under the older key.
    std::vector<std::string> older_keys() const;
    task<result<std::uint64_t>> count_under(std::string key_id, deadline until);
    /// Verifiers are left to expire. A pair that a refresh replaces meanwhile is the refresh's.
    task<result<reseal_step>> reseal(std::string key_id, std::string cursor, deadline until);

    key_standing newest_key() const;

    /// cached() is asked for this user soon.
    void expect(const user_id& user) const;
    /// The opened set if it is in memory; no wait, no allocation. Null: ask load().
    shared_tokens cached(const user_id& user) const;
    /// From memory or the store. A record that does not open is served from its previous version where that
    /// opens (state refresh_in_doubt), else as reconnect_required; cause `sealed_record_damaged`.
    task<result<shared_tokens>> load(user_id user, deadline until);
    /// From the store, whatever is in memory.
    task<result<shared_tokens>> load_again(user_id user, deadline until);

    /// A new grant: from the callback or an import. Replaces what was there, but with `only_same_account` no
    /// connection to another account, whatever state it is in: null then.
    task<result<shared_tokens>> save_grant(user_id user, fresh_tokens fresh, wall_time now, deadline until,
                                           bool only_same_account = false);
    /// What a refresh of `from` gave. Durable on return, and only then visible to others.
    task<result<saved_refresh>> save_refreshed(store::lease held, shared_tokens from, fresh_tokens fresh,
                                               wall_time now, deadline until);
    /// `false`: another version is there by now.
    task<result<bool>> set_state(user_id user, std::uint64_t version, store::connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// revoked, tokens wiped; `false`: no such user.
    task<result<bool>> revoke(user_id user, std::string cause, wall_time now, deadline until);
    task<result<bool>> forget(user_id user, deadline until);

    /// The PKCE verifier of a login on its way.
    task<result<std::string>> seal_verifier(std::string state_hash, secret verifier, deadline until);
    std::optional<secret> open_verifier(std::string_view state_hash, std::string_view blob);

    vault_counts counts() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::vault
