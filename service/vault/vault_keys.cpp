// The key ring of the vault: the check against the store, the change while serving, and the re-encryption
// from older keys to the newest (docs/promises.md V06, V07).
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

namespace gateway::vault {
namespace {

constexpr std::string_view key_check = "key_check:";
constexpr std::string_view key_check_text = "tiktok-gateway";

failure refused(std::string message) {
    return failure{errc::vault_unavailable, std::move(message) + " Nothing was touched."};
}

/// The result of checking a ring against the keys noted in the store.
struct ring_check {
    std::vector<std::string> unused; // notes of keys that are not needed and not in the ring
    bool newest_known = false;
};

/// Writes nothing.
task<result<ring_check>> check_ring(store::facts& facts, store::sealed& sealed, const key_ring& keys,
                                    deadline until) {
    const auto checks = co_await facts.list(std::string(key_check), until);
    if (!checks) co_return checks.error();
    ring_check out;
    for (const auto& [name, blob] : *checks) {
        const std::string id = name.substr(key_check.size());
        if (keys.find(id) == nullptr) {
            const auto count = co_await sealed.count_with(blob_prefix(id), until);
            if (!count) co_return count.error();
            if (*count > 0)
                co_return refused("The store holds " + std::to_string(*count)
                                  + " sealed values under the key " + id + ", which the key ring lacks.");
            out.unused.push_back(name);
            continue;
        }
        if (!open(keys, {"key_check", id, 0}, blob))
            co_return refused("The key " + id
                              + " of the key ring is not the one this store was sealed with.");
        out.newest_known = out.newest_known || id == keys.newest().id;
    }
    if (checks->empty()) {
        const auto count = co_await sealed.count_with(blob_prefix("").substr(0, 1), until);
        if (!count) co_return count.error();
        if (*count > 0)
            co_return refused(
                "The store holds sealed values but no word of their key; it was changed by somebody else.");
    }
    co_return out;
}

} // namespace

token_vault::shared_ring token_vault::ring() const {
    const std::lock_guard lock(ring_mutex_);
    return ring_;
}

/// Makes the ring's newest key the one that seals and is counted, if the store accepts the ring.
task<result<void>> token_vault::begin_with(const key_ring& keys, bool forgets_unused, deadline until) {
    const auto checked = co_await check_ring(facts_, sealed_values_, keys, until);
    if (!checked) co_return checked.error();
    for (const auto& name : checked->unused) {
        if (!forgets_unused) break;
        const auto forgotten = co_await facts_.forget(name, until);
        if (!forgotten) co_return forgotten.error();
    }
    const auto& id = keys.newest().id;
    if (!checked->newest_known) {
        // Before the key's first use: from then on a ring without it is refused while it is needed.
        std::string blob = seal(keys, {"key_check", id, 0}, key_check_text);
        const auto noted = co_await facts_.put(std::string(key_check) + id, std::move(blob), until);
        if (!noted) co_return noted.error();
    }
    co_return co_await uses_.begin(id, until);
}

task<result<void>> token_vault::check_keys(deadline until) {
    const auto keys = ring();
    co_return co_await begin_with(*keys, true, until);
}

task<result<void>> token_vault::change_keys(key_ring fresh, deadline until) {
    auto begun = co_await begin_with(fresh, false, until);
    if (!begun) co_return begun;
    // A value that is being sealed under a removed key must still open; it is re-encrypted like all others.
    fresh.keep_for_opening(*ring());
    auto made = std::make_shared<const key_ring>(std::move(fresh));
    const std::lock_guard lock(ring_mutex_);
    ring_.swap(made);
    ++rings_;
    co_return begun;
}

task<result<token_vault::shared_ring>> token_vault::ring_to_seal(std::uint64_t count, deadline until) {
    while (true) {
        auto keys = ring();
        const auto counted = co_await uses_.take(keys->newest().id, count, until);
        if (!counted) co_return counted.error();
        if (keys == ring()) co_return keys; // else the ring was replaced during the wait
    }
}

task<result<bool>> token_vault::under_a_key_of_others(std::string_view blob, deadline until) {
    const std::string id(key_id_of(blob));
    if (id.empty() || ring()->find(id) != nullptr) co_return false;
    const auto known = co_await facts_.find(std::string(key_check) + id, until);
    if (!known) co_return known.error();
    co_return known->has_value();
}

std::vector<std::string> token_vault::older_keys() const {
    const auto keys = ring();
    std::vector<std::string> ids;
    for (const auto& key : keys->all())
        if (key.id != keys->newest().id) ids.push_back(key.id);
    return ids;
}

task<result<std::uint64_t>> token_vault::count_under(std::string key_id, deadline until) {
    return sealed_values_.count_with(blob_prefix(key_id), until);
}

task<result<reseal_step>> token_vault::reseal(std::string key_id, std::string cursor, deadline until) {
    constexpr std::uint32_t rows_per_step = 200;
    auto page =
        co_await sealed_values_.list_with(blob_prefix(key_id), std::move(cursor), rows_per_step, until);
    if (!page) co_return page.error();
    reseal_step out;
    out.next = std::move(page->next);
    if (page->rows.empty()) co_return out;
    const auto keys = co_await ring_to_seal(page->rows.size(), until);
    if (!keys) co_return keys.error();
    std::vector<store::resealed_pair> moved;
    for (auto& row : page->rows) {
        const auto name = name_of_pair(row.user, row.version);
        const auto plain = open(**keys, name, row.sealed_tokens);
        if (!plain) {
            ++out.unreadable; // damaged: not changed, for operators to see (V04)
            continue;
        }
        ++opened_;
        ++sealed_;
        std::string anew = seal(**keys, name, plain->reveal());
        moved.push_back({std::move(row), std::move(anew)});
    }
    const auto found = co_await sealed_values_.replace(std::move(moved), until);
    if (!found) co_return found.error();
    out.resealed = *found;
    co_return out;
}

} // namespace gateway::vault
