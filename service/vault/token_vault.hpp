// The only part that handles both a token and its ciphertext. Shared by all workers: the roles of the store
// behind it are thread-safe, and the cache of decrypted sets is sharded and locked for nanoseconds, never
// across a wait. Owned by the service. Implemented in token_vault.cpp (pairs of connections),
// vault_grants.cpp (new grants), vault_apps.cpp (pairs of other TikTok apps, and of no app),
// vault_imports.cpp (of imports), vault_revocations.cpp, login_seals.cpp, vault_keys.cpp.
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
#include "store/import_proofs.hpp"
#include "store/refreshes.hpp"
#include "store/revocations.hpp"
#include "store/sealed.hpp"
#include "vault/key_ring.hpp"
#include "vault/key_uses.hpp"
#include "vault/pair_spool.hpp"
#include "vault/scope_lists.hpp"
#include "vault/sealing.hpp"
#include "vault/token_cache.hpp"
#include "vault/token_set.hpp"
#include "vault/token_text.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::store {
struct oauth_state_record;
struct pending_grant_record;
} // namespace gateway::store

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
    std::uint64_t older = 0;   // records older than what this process has seen: somebody has put them back
    std::uint64_t unknown_key = 0; // sealed under a key that this replica lacks
};

/// A pair that TikTok gave for the refresh token of an import.
struct import_proof {
    fresh_tokens tokens;   // an empty account: TikTok has not named it yet
    wall_time received_at; // from then on their lifetimes count
    user_id user;          // not empty: the import was completed for this user, and `tokens` are there
};

/// A grant that is to be ended at TikTok.
struct revocation {
    store::revocation_record record;
    secret access_token, refresh_token;
    wall_time access_expires_at, refresh_expires_at;

    /// Then it is of no use to anybody.
    wall_time expires_at() const { return std::max(access_expires_at, refresh_expires_at); }
    revocation copy() const {
        return {record, access_token.copy(), refresh_token.copy(), access_expires_at, refresh_expires_at};
    }
};

/// After so many tries a grant that TikTok did not end is forgotten.
inline constexpr std::uint32_t revocation_tries_max = 8;

/// Whether a new grant may be of another account than the user's connection, whatever the state of that is.
enum class account_change : std::uint8_t { allowed, refused };

/// The end of a new grant. `another_account`: the change was refused. `account_full`: the account has as many
/// users as it may have. `imported_before`: for another user, or for this one, who is still connected, or a
/// pair that TikTok gave for it waits. `permit_gone`: what allowed it has ended. `not_allowed`: it is there,
/// and is_allowed() says no. `needs_pair`: only the pair of a refresh may be stored (store::grant_end). But
/// for `stored`, nothing has changed.
struct saved_grant {
    enum class kind {
        stored,
        another_account,
        account_full,
        imported_before,
        permit_gone,
        not_allowed,
        needs_pair
    };
    kind what = kind::stored;
    shared_tokens tokens; // as stored
};

/// The end of a connection in the store. `changed`: it is another one by now.
struct ended_connection {
    store::connection_end::kind what = store::connection_end::kind::absent;
    std::optional<revocation> to_revoke; // nobody else holds the account
};

/// The roles of the store that hold sealed pairs, and what belongs to them.
struct pair_store {
    store::connections& connections;
    store::refreshes& refreshes;
    store::import_proofs& proofs;
    store::revocations& revocations;
    store::sealed& sealed;
    store::facts& facts;
};

/// The result of re-encrypting one page of records with the newest key.
struct reseal_step {
    std::uint64_t resealed = 0;
    std::uint64_t unreadable = 0; // damaged, not changed
    std::string next;             // empty after the last page
};

/// Whether one page of the store's values has one under a key.
struct key_look {
    bool found = false;
    std::string next; // empty after the last page
};

struct key_standing {
    std::string id;
    std::uint64_t uses = 0; // seals under it; after each restart a little too high
};

class token_vault final : store::change_listener {
public:
    /// `app`: the client_key of the TikTok app, whose pairs these are.
    token_vault(pair_store at, key_ring keys, std::string app, std::size_t cached_users_max = 100'000);
    ~token_vault() override;

    const std::string& app() const { return app_; }
    /// Reports a user whose record is older than what this process has seen. Before the first call of others.
    void on_older_record(std::function<void(const user_id&)> report) { report_older_ = std::move(report); }

    /// Call once, before any other function: refuses a ring that lacks a key that the store needs, and
    /// changes nothing then. The failure's message is for the operator. Each step may take until `first`
    /// anew: looking through all values for a key that was taken out takes many.
    task<result<void>> check_keys(deadline first);

    /// For SIGHUP, while serving: makes the same check; if it fails, the old ring stays. Otherwise the new
    /// ring's newest key seals from now on. Keys that the new ring lacks still open values that were in use,
    /// until the process ends.
    task<result<void>> change_keys(key_ring fresh, deadline until);
    /// The number of rings so far, including this one.
    std::uint64_t rings() const { return rings_.load(); }

    // Re-encryption of values that are sealed under an older key. Each step is independent: after a crash it
    // continues with the values that are still sealed under the older key.
    std::vector<std::string> older_keys() const;
    /// Looks at one page of all values for one under this key.
    task<result<key_look>> look_under(std::string key_id, std::string cursor, deadline until);
    /// Values of logins are skipped, because they expire. If a refresh replaces a pair meanwhile, the refresh
    /// wins.
    task<result<reseal_step>> reseal(std::string key_id, std::string cursor, deadline until);

    /// Whether the key has ever been a replica's newest one. Not: its line was put above that, so that every
    /// replica has it before it is used. `key_id` outlives it.
    task<result<bool>> was_newest(const std::string& key_id, deadline until);

    key_standing newest_key() const { return {ring()->newest().id, uses_.count()}; }

    /// Prefetches for a call of cached() that follows soon.
    void prefetch(const user_id& user) const { cache_.prefetch(user); }
    /// The decrypted set if it is in memory; no wait, no allocation. Null: call load().
    shared_tokens cached(const user_id& user) const { return cache_.find(user); }
    /// From memory or the store. If a record does not open, its previous version is used (state
    /// refresh_in_doubt), or, if that does not open either, or is of another account than the newest pair
    /// that this process has seen, the state is reconnect_required; cause `sealed_record_damaged`. A record
    /// of another app is not opened: state reconnect_required, cause `other_app`. One that is older than what
    /// this process has seen, or of another account under the newest version, is refused: vault_unavailable.
    task<result<shared_tokens>> load(user_id user, deadline until);
    /// From the store, even if it is in memory.
    task<result<shared_tokens>> load_again(user_id user, deadline until);

    /// Stores a new grant, of the callback or an import, whose account TikTok has named. Replaces the
    /// previous connection; that of another app is kept beside, and the pair of another account is to be
    /// revoked.
    task<result<saved_grant>> save_grant(user_id user, fresh_tokens fresh, account_change change,
                                         store::grant_permit permit, wall_time now, deadline until);
    /// Whether the user has a connection, in whatever state.
    task<result<bool>> is_connected(user_id user, deadline until);
    /// Stores the result of a refresh of `from`, sealed for its account. Durable on return, and visible to
    /// other calls only then. A row of another version or account is not replaced. If the user was
    /// disconnected meanwhile, the pair goes to the revocation that waits, or to a new one.
    task<result<saved_refresh>> save_refreshed(store::lease held, shared_tokens from, fresh_tokens fresh,
                                               wall_time now, deadline until);
    /// `false`: another version is stored by now.
    task<result<bool>> set_state(user_id user, std::uint64_t version, store::connection_state state,
                                 std::string cause, wall_time now, deadline until);
    /// TikTok has ended this app's access to the account: sets the state revoked of the users who were
    /// connected to it before `happened_at`, and removes the tokens. Gives their number.
    task<result<std::size_t>> revoke(open_id account, wall_time happened_at, std::string cause, wall_time now,
                                     deadline until);
    /// Forgets the user, whose connection was loaded as `seen`. Its pair is kept to be revoked at TikTok if
    /// `revocable` and nobody else holds the account; the first try is the caller's, for the time of
    /// `own_try`. Pairs of other apps are kept to be revoked when the gateway runs under those.
    task<result<ended_connection>> end(shared_tokens seen, bool revocable, milliseconds own_try,
                                       wall_time now, deadline until);
    /// The same for a user without a connection of this app, also for one without any, of whom logins and
    /// waiting grants may be left (`absent` then).
    task<result<store::connection_end::kind>> end_elsewhere(user_id user, wall_time now, deadline until);

    // Pairs of other TikTok apps, and those from before apps were noted.
    /// Makes pairs of this app that wait beside those of another one the users' connections again: one page
    /// of users after `cursor`. Gives the next cursor, empty at the end.
    task<result<std::string>> bring_back(std::string cursor, deadline until);
    /// The same for pairs of no app, once TikTok has taken one of them under this app: seals them for it,
    /// also those that wait beside.
    task<result<std::string>> bind_old_pairs(std::string cursor, deadline until);
    /// The record is known to be of this app. A row of no app is not, until TikTok has taken one of them.
    bool is_surely_ours(const store::connection_summary& record) const;
    /// Whether TikTok's refusal of this pair says something about the user.
    task<result<bool>> is_judged(shared_tokens tokens, deadline until);
    /// TikTok has taken a pair under this app.
    task<result<void>> note_taken(shared_tokens tokens, deadline until);

    // Pairs of no connection.
    /// `refresh_hash`: the SHA-256 of the refresh token that the import has sent.
    task<result<void>> keep_import(std::string refresh_hash, const fresh_tokens& got, wall_time now,
                                   deadline until);
    task<result<std::optional<import_proof>>> find_import(std::string refresh_hash, wall_time now,
                                                          deadline until);
    /// For a grant that never becomes a connection: it is kept to be revoked at TikTok unless somebody else
    /// holds the account.
    task<result<void>> give_up(fresh_tokens tokens, wall_time now, deadline until);
    /// The same for one that waited for a confirmation, of any app. `false`: it is not as it was seen any
    /// more.
    task<result<bool>> give_up(const store::pending_grant_record& seen, fresh_tokens tokens, wall_time now,
                               deadline until);
    /// The same for the pair of an import that is not to be completed.
    task<result<void>> give_up_import(std::string refresh_hash, wall_time now, deadline until);
    /// The same for pairs of imports, of any app, that were not completed in time. Gives their number.
    task<result<std::size_t>> give_up_old_imports(wall_time now, deadline until);
    /// One that may be tried now, taken for a while; empty: there is none. One of no app, while it is not
    /// known whose it is, is for this app to try: only its refresh shows whose it is.
    task<result<std::optional<revocation>>> take_revocation(wall_time now, deadline until);
    /// With the refreshed pair that it has now, which TikTok has given under this app. `false`: somebody
    /// holds the account by now.
    task<result<bool>> keep_revocation(revocation& what, wall_time now, deadline until);
    /// Its `refused` and `answer_lost`.
    task<result<void>> note_trouble(const revocation& what, deadline until);
    /// Asked before each request: whether it would end somebody else's grant.
    task<result<store::revoke_verdict>> judge_revocation(const revocation& what, wall_time now,
                                                         deadline until);
    /// Who holds its account only if TikTok still takes their refresh token.
    task<result<std::vector<store::connection_summary>>> doubtful_holders(const revocation& what,
                                                                          wall_time now, deadline until);
    task<result<void>> drop_revocation(const revocation& what, deadline until);

    // Of logins (login_seals.cpp). Every other member of the record is authenticated, also if the verifier is
    // empty because PKCE is off; so a row that was changed in the store does not open.
    /// `login.sealed_verifier`, from its other members. `what` is the verifier, or what became of a login
    /// that has ended.
    task<result<std::string>> seal_login(const store::oauth_state_record& login, secret what, deadline until);
    /// Nothing if it does not open. vault_unavailable: it is sealed under a key of other replicas.
    task<result<std::optional<secret>>> open_login(const store::oauth_state_record& login, deadline until);
    /// `grant.sealed_tokens`, from its other members.
    task<result<std::string>> seal_waiting(const store::pending_grant_record& grant,
                                           const fresh_tokens& tokens, deadline until);
    /// Nothing if it does not open. vault_unavailable: it is sealed under a key of other replicas.
    task<result<std::optional<fresh_tokens>>> open_waiting(const store::pending_grant_record& grant,
                                                           deadline until);

    // Of pairs that wait on the disk (pair_spool.hpp). Neither waits for the store: such a seal is counted
    // from those reserved, or with the next ones. Any thread.
    /// `head` is authenticated with it.
    std::string seal_spooled(std::string_view head, const std::string& app, const secret& plain);
    opened open_spooled(std::string_view head, const std::string& app, std::string_view sealed);
    /// Before any other thread uses the vault; outlives every use. Without one nothing is kept on the disk.
    void use_spool(pair_spool* spool) { spool_ = spool; }
    /// Null: there is none.
    pair_spool* spool() const { return spool_; }
    /// A copy on the disk until the store has the pair; empty without a spool.
    spooled_copy keep_on_disk(spooled_pair what);

    vault_counts counts() const {
        return {opened_.load(), sealed_.load(), damaged_.load(), older_.load(), unknown_key_.load()};
    }

private:
    /// Held while it is used, because the ring may be replaced meanwhile.
    using shared_ring = std::shared_ptr<const key_ring>;

    void changed(const store::change& what) override {
        if (what.what == store::change::kind::connection)
            cache_.changed_elsewhere(user_id::trusted(what.name), what.number);
    }
    void feed_connected(bool is) override { cache_.feed_connected(is); }

    // token_vault.cpp: pairs
    /// Sealed for this app and version, which may be those of a kept pair.
    std::optional<token_text> open_pair(const store::connection_summary& record, std::uint64_t version,
                                        std::string_view app, std::string_view blob);
    std::string seal_pair(const key_ring& keys, const store::connection_summary& record,
                          const token_text& text);
    /// A user's record as the store gave it: `tokens`, or why this one record is refused. Unlike an error it
    /// says nothing about the store.
    struct reading {
        shared_tokens tokens;
        std::optional<failure> refused;
    };
    task<result<reading>> read(user_id user, deadline until, bool may_bring_back = true);
    static result<shared_tokens> answer_of(result<reading> from);
    task<result<saved_refresh>> keep_for_revocation(shared_tokens from, token_text text, deadline until);
    task<result<reading>> repair(store::connection_summary record, deadline until);
    failure refuse_older(const user_id& user);

    // vault_grants.cpp
    /// What a new grant of the user follows.
    struct grant_place {
        enum class kind : std::uint8_t { free, changed, other_account } what = kind::free;
        std::uint64_t expected = 0;    // the version of the connection; zero if there is none
        std::uint64_t newest_used = 0; // of all versions, as far as the store knows
        std::optional<store::revocation_record> replaced; // of store::grant_permit
    };
    task<result<grant_place>> place_for(user_id user, open_id account, account_change change, deadline until);
    /// The pair of a connection of this app and of another account. Nothing: the connection is another one by
    /// now.
    task<result<std::optional<store::revocation_record>>> seal_replaced(
        const store::connection_summary& there, deadline until);

    // vault_apps.cpp
    /// Whether the record is of this app; pairs of no app belong to the app that TikTok took one of them
    /// under.
    bool is_ours(const store::connection_summary& record) const;
    /// `older`: the waiting pair is older than what this process has seen; it stays where it is.
    enum class brought_back : std::uint8_t { nothing, done, older };
    /// Makes the user's pair of this app the connection in place of `there`.
    task<result<brought_back>> bring_back_pair(const store::connection_summary& there, deadline until);
    /// The same for the user's connection, whatever it is.
    task<result<void>> bring_back_to(user_id user, deadline until);
    /// What comes before a new grant in place of `there`: the user's own pair is brought back, and the app of
    /// a pair of no app noted if it is known. `true`: the connection has changed.
    task<result<bool>> sort_out(const store::connection_summary& there, deadline until);
    /// Pairs of no app that wait beside, for bind_old_pairs().
    task<result<std::string>> bind_beside(std::string cursor, deadline until);
    task<result<void>> bind_if_newest(const store::connection_record& row, std::string sealed_anew,
                                      deadline until);
    shared_tokens of_another_app(const store::connection_summary& record);
    /// Seals the pair of a record of no app for the app that such pairs belong to. `false`: that is not
    /// known, or the pair does not open.
    task<result<bool>> bind_to_its_app(const store::connection_summary& seen, deadline until);
    /// The pair of a row of no app, sealed for this app; nothing if it does not open.
    task<result<std::optional<std::string>>> seal_for_app(const store::connection_record& row,
                                                          const std::string& app, deadline until);
    task<result<void>> learn_app_of_old_pairs(deadline until);
    /// TikTok has taken a pair of no app under this app.
    task<result<void>> note_old_pair_taken(deadline until);
    /// The value of the fact.
    void note_app_of_old_pairs(const std::string& app);

    // vault_imports.cpp
    task<result<bool>> give_up_import(const store::import_proof_record& seen, wall_time now, deadline until);

    // vault_revocations.cpp
    std::optional<revocation> open_revocation(const store::revocation_record& record);
    /// Sets what the store keeps of it: the sealed pair, and the end of its use.
    task<result<void>> seal_revocation(revocation& what, deadline until);
    /// The pair of a row that ends, for its own app; not sealed if there is nothing to revoke with.
    task<result<store::revocation_record>> leaving_pair(const store::connection_record& row, wall_time now,
                                                        deadline until);
    /// Those of all rows that wait beside.
    task<result<std::vector<store::revocation_record>>> leaving_beside(user_id user, wall_time now,
                                                                       deadline until);
    task<result<std::optional<revocation>>> take_revocation_of(std::string app, wall_time now,
                                                               deadline until);
    /// To be tried at once, by the background work of any replica.
    task<result<revocation>> seal_for_revocation(std::string app, fresh_tokens tokens, wall_time now,
                                                 deadline until);

    // vault_keys.cpp: the key ring and its change
    shared_ring ring() const;
    /// The deadline of the next step.
    using next_deadline = std::function<deadline()>;
    task<result<void>> begin_with(const key_ring& keys, bool forgets_unused, const next_deadline& next);
    /// The ring for `count` seals that follow without a wait in between, and which it counts.
    task<result<shared_ring>> ring_to_seal(std::uint64_t count, deadline until);
    /// Whether the blob was sealed under a key that is in the store and not in this ring, because another
    /// replica has a newer ring. False for a damaged id.
    task<result<bool>> under_a_key_of_others(std::string_view blob, deadline until);
    /// `vault_unavailable`; `what` as for note_unopened().
    failure under_another_key(std::string_view what);
    /// For a value that did not open. vault_unavailable: it is sealed under a key that only other replicas
    /// have. Otherwise it counts as damaged. `what` begins the sentence, with its verb ("This login is").
    task<result<void>> note_unopened(std::string_view blob, std::string_view what, deadline until);

    store::connections& connections_;
    store::refreshes& refreshes_;
    store::import_proofs& proofs_;
    store::revocations& revocations_;
    store::sealed& sealed_values_;
    store::facts& facts_;
    const std::string app_;
    pair_spool* spool_ = nullptr;
    std::function<void(const user_id&)> report_older_;
    token_cache cache_;
    scope_lists scopes_;
    key_uses uses_;
    std::atomic<std::uint64_t> opened_{0}, sealed_{0}, damaged_{0}, older_{0}, unknown_key_{0};
    /// Whose the pairs of no app are.
    enum class old_pairs : std::uint8_t { unknown, ours, of_another_app };
    std::atomic<old_pairs> old_pairs_{old_pairs::unknown};
    std::atomic<std::uint64_t> rings_{1}; // the number of rings so far
    std::atomic<steady_time> away_until_{
        steady_time{}}; // until then cached sets are not confirmed with the store
    mutable std::mutex ring_mutex_;
    shared_ring ring_;
};

} // namespace gateway::vault
