// The state shared by token_vault.cpp (pairs and verifiers) and vault_keys.cpp (the key ring and its change).
// Private to vault/.
#pragma once
#include "store/changes.hpp"
#include "vault/key_uses.hpp"
#include "vault/scope_lists.hpp"
#include "vault/sealing.hpp"
#include "vault/token_cache.hpp"
#include "vault/token_text.hpp"
#include "vault/token_vault.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::vault {

/// Held while it is used, because the ring may be replaced meanwhile.
using shared_ring = std::shared_ptr<const key_ring>;

struct token_vault::state final : store::change_listener {
    state(store::connections& of_users, store::refreshes& under_way, store::sealed& all_sealed,
          store::facts& small_facts, key_ring ring, std::size_t cached_users_max)
        : connections(of_users),
          refreshes(under_way),
          sealed_values(all_sealed),
          facts(small_facts),
          cache(cached_users_max),
          uses(small_facts),
          ring_(std::make_shared<const key_ring>(std::move(ring))) {}

    store::connections& connections;
    store::refreshes& refreshes;
    store::sealed& sealed_values;
    store::facts& facts;
    token_cache cache;
    scope_lists scopes;
    key_uses uses;
    std::atomic<std::uint64_t> opened{0}, sealed{0}, damaged{0};
    std::atomic<std::uint64_t> rings{1}; // the number of rings so far
    std::atomic<steady_time> away_until{
        steady_time{}}; // until then cached sets are not confirmed with the store

    void changed(const store::change& what) override {
        if (what.what == store::change::kind::connection)
            cache.changed_elsewhere(user_id::trusted(what.name), what.number);
    }
    void feed_connected(bool is) override { cache.feed_connected(is); }
    /// For a connection that has ended (`for_sure`), or may have ended.
    void written(const user_id& user, bool for_sure) { for_sure ? cache.drop(user) : cache.mark_stale(user); }

    shared_ring ring() const {
        const std::lock_guard lock(ring_mutex_);
        return ring_;
    }
    void change_ring(key_ring fresh) {
        auto made = std::make_shared<const key_ring>(std::move(fresh));
        const std::lock_guard lock(ring_mutex_);
        ring_.swap(made);
        ++rings;
    }
    /// The ring for `count` seals that follow without a wait in between, and which it counts.
    task<result<shared_ring>> ring_to_seal(std::uint64_t count, deadline until);
    /// Whether the blob was sealed under a key that is in the store and not in this ring, because another
    /// replica has a newer ring. False for a damaged id.
    task<result<bool>> under_a_key_of_others(std::string_view blob, deadline until);

    std::optional<token_text> open_pair(const store::connection_summary& record, std::uint64_t version,
                                        std::string_view blob);
    std::string seal_pair(const key_ring& keys, const store::connection_summary& record,
                          const token_text& text);
    task<result<shared_tokens>> read(user_id user, deadline until);
    task<result<shared_tokens>> repair(store::connection_summary record, deadline until);

private:
    mutable std::mutex ring_mutex_;
    shared_ring ring_;
};

inline record_name name_of_pair(const user_id& user, std::uint64_t version) {
    return {"tokens", user.text(), version};
}

} // namespace gateway::vault
