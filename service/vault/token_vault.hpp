// The only part that handles both a token and its ciphertext. Shared by all workers: the roles of the store
// behind it are thread-safe, and the cache of decrypted sets is sharded and locked for nanoseconds, never
// across a wait. Owned by the service.
//
// Failures of all calls: user_not_connected (no such connection), vault_unavailable, deadline_exceeded.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/connections.hpp"
#include "store/facts.hpp"
#include "store/refreshes.hpp"
#include "store/sealed.hpp"
#include "vault/key_ring.hpp"
#include "vault/key_uses.hpp"
#include "vault/scope_lists.hpp"
#include "vault/token_cache.hpp"
#include "vault/token_set.hpp"
#include "vault/token_text.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::vault {

/// The result of storing a refreshed pair. Without `tokens` it did not become the user's pair: something
/// newer is stored (a grant, a revocation), or, `held_by_another`, another replica holds the lease by now.
/// Then the pair is kept separately, and may be saved once that replica has ended without a newer pair.
struct saved_refresh {
    shared_tokens tokens;
    bool held_by_another = false;
};

/// Counts since the start, for metrics and alerts.
struct vault_counts {
    std::uint64_t opened = 0, sealed = 0;
    std::uint64_t damaged = 0; // records with a wrong tag; an operator should look at them
};

/// The result of re-encrypting one page of records with the newest key.
struct reseal_step {
    std::uint64_t resealed = 0;
    std::uint64_t unreadable = 0; // damaged, not changed
    std::string next;             // empty after the last page
};

struct key_standing {
    std::string id;
    std::uint64_t uses = 0; // seals under it; after each restart a little too high
};

class token_vault final : store::change_listener {
public:
    token_vault(store::connections& connections, store::refreshes& refreshes, store::sealed& sealed,
                store::facts& facts, key_ring keys, std::size_t cached_users_max = 100'000);
    ~token_vault() override;

    /// Call once, before any other function: refuses a ring that lacks a key that the store needs, and
    /// changes nothing then. The failure's message is for the operator.
    task<result<void>> check_keys(deadline until);

    /// For SIGHUP, while serving: makes the same check; if it fails, the old ring stays. Otherwise the new
    /// ring's newest key seals from now on. Keys that the new ring lacks still open values that were in use,
    /// until the process ends.
    task<result<void>> change_keys(key_ring fresh, deadline until);
    /// The number of rings so far, including this one.
    std::uint64_t rings() const { return rings_.load(); }

    // Re-encryption of values that are sealed under an older key. Each step is independent: after a crash it
    // continues with the values that are still sealed under the older key.
    std::vector<std::string> older_keys() const;
    task<result<std::uint64_t>> count_under(std::string key_id, deadline until);
    /// PKCE verifiers are skipped, because they expire. If a refresh replaces a pair meanwhile, the refresh
    /// wins.
    task<result<reseal_step>> reseal(std::string key_id, std::string cursor, deadline until);

    key_standing newest_key() const { return {ring()->newest().id, uses_.count()}; }

    /// Prefetches for a call of cached() that follows soon.
    void prefetch(const user_id& user) const { cache_.prefetch(user); }
    /// The decrypted set if it is in memory; no wait, no allocation. Null: call load().
    shared_tokens cached(const user_id& user) const { return cache_.find(user); }
    /// From memory or the store. If a record does not open, its previous version is used (state
    /// refresh_in_doubt), or, if that does not open either, the state is reconnect_required; cause
    /// `sealed_record_damaged`.
    task<result<shared_tokens>> load(user_id user, deadline until);
    /// From the store, even if it is in memory.
    task<result<shared_tokens>> load_again(user_id user, deadline until);

    /// Stores a new grant, of the callback or an import. Replaces the previous connection; with
    /// `only_same_account` not one to another account, whatever its state: null then.
    task<result<shared_tokens>> save_grant(user_id user, fresh_tokens fresh, wall_time now, deadline until,
                                           bool only_same_account = false);
    /// Stores the result of a refresh of `from`. Durable on return, and visible to other calls only then.
    task<result<saved_refresh>> save_refreshed(store::lease held, shared_tokens from, fresh_tokens fresh,
                                               wall_time now, deadline until);
    /// `false`: another version is stored by now.
    task<result<bool>> set_state(user_id user, std::uint64_t version, store::connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// Sets the state revoked and removes the tokens; `false`: no such user.
    task<result<bool>> revoke(user_id user, std::string cause, wall_time now, deadline until);
    task<result<bool>> forget(user_id user, deadline until);

    /// Seals the PKCE verifier of a running login.
    task<result<std::string>> seal_verifier(std::string state_hash, secret verifier, deadline until);
    std::optional<secret> open_verifier(std::string_view state_hash, std::string_view blob);

    vault_counts counts() const { return {opened_.load(), sealed_.load(), damaged_.load()}; }

private:
    /// Held while it is used, because the ring may be replaced meanwhile.
    using shared_ring = std::shared_ptr<const key_ring>;

    void changed(const store::change& what) override {
        if (what.what == store::change::kind::connection)
            cache_.changed_elsewhere(user_id::trusted(what.name), what.number);
    }
    void feed_connected(bool is) override { cache_.feed_connected(is); }

    // token_vault.cpp: pairs and verifiers
    std::optional<token_text> open_pair(const store::connection_summary& record, std::uint64_t version,
                                        std::string_view blob);
    std::string seal_pair(const key_ring& keys, const store::connection_summary& record,
                          const token_text& text);
    task<result<shared_tokens>> read(user_id user, deadline until);
    task<result<shared_tokens>> repair(store::connection_summary record, deadline until);

    // vault_keys.cpp: the key ring and its change
    shared_ring ring() const;
    task<result<void>> begin_with(const key_ring& keys, bool forgets_unused, deadline until);
    /// The ring for `count` seals that follow without a wait in between, and which it counts.
    task<result<shared_ring>> ring_to_seal(std::uint64_t count, deadline until);
    /// Whether the blob was sealed under a key that is in the store and not in this ring, because another
    /// replica has a newer ring. False for a damaged id.
    task<result<bool>> under_a_key_of_others(std::string_view blob, deadline until);

    store::connections& connections_;
    store::refreshes& refreshes_;
    store::sealed& sealed_values_;
    store::facts& facts_;
    token_cache cache_;
    scope_lists scopes_;
    key_uses uses_;
    std::atomic<std::uint64_t> opened_{0}, sealed_{0}, damaged_{0};
    std::atomic<std::uint64_t> rings_{1}; // the number of rings so far
    std::atomic<steady_time> away_until_{
        steady_time{}}; // until then cached sets are not confirmed with the store
    mutable std::mutex ring_mutex_;
    shared_ring ring_;
};

} // namespace gateway::vault
