// The key ring of the vault: the check against the store, the change while serving, and the re-encryption
// from older keys to the newest (docs/promises.md V06, V07).
#include "base/digest.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

namespace gateway::vault {
namespace {

constexpr std::string_view key_check = "key_check:";
constexpr std::string_view key_check_text = "tiktok-gateway";

failure refused(std::string message) {
    return failure{errc::invalid_input, std::move(message) + " Nothing was touched."};
}

std::string_view purpose_of(store::sealed_as what) {
    switch (what) {
        case store::sealed_as::import_proof:
            return "import_proof";
        case store::sealed_as::revocation:
            return "revocation";
        default:
            return "tokens";
    }
}

/// The result of checking a ring against the keys noted in the store.
struct ring_check {
    std::vector<std::string> unused; // notes of keys that are not needed and not in the ring
    bool newest_known = false;
};

/// Whether a value has this mark; an empty one: whether there is any value.
task<result<bool>> holds_any(store::sealed& sealed, std::string mark,
                             const std::function<deadline()>& next_deadline) {
    std::string cursor;
    do {
        auto page = co_await sealed.count_page(mark, std::move(cursor), next_deadline());
        if (!page) co_return page.error();
        if (page->count > 0) co_return true;
        cursor = std::move(page->next);
    } while (!cursor.empty());
    co_return false;
}

/// Writes nothing.
task<result<ring_check>> check_ring(store::facts& facts, store::sealed& sealed, const key_ring& keys,
                                    const std::function<deadline()>& next_deadline) {
    const auto checks = co_await facts.list(std::string(key_check), next_deadline());
    if (!checks) co_return checks.error();
    ring_check out;
    for (const auto& [name, blob] : *checks) {
        const std::string id = name.substr(key_check.size());
        if (keys.find(id) == nullptr) {
            const auto needed = co_await holds_any(sealed, key_mark(id), next_deadline);
            if (!needed) co_return needed.error();
            if (*needed)
                co_return refused("The store holds sealed values under the key " + id
                                  + ", which the key ring lacks.");
            out.unused.push_back(name);
            continue;
        }
        if (!open(keys, {"key_check", id, 0}, blob))
            co_return refused("The key " + id
                              + " of the key ring is not the one this store was sealed with.");
        out.newest_known = out.newest_known || id == keys.newest().id;
    }
    if (checks->empty()) {
        const std::string any;
        const auto filled = co_await holds_any(sealed, any, next_deadline);
        if (!filled) co_return filled.error();
        if (*filled)
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
task<result<void>> token_vault::begin_with(const key_ring& keys, bool forgets_unused,
                                           const next_deadline& next) {
    const auto checked = co_await check_ring(facts_, sealed_values_, keys, next);
    if (!checked) co_return checked.error();
    for (const auto& name : checked->unused) {
        if (!forgets_unused) break;
        const auto forgotten = co_await facts_.forget(name, next());
        if (!forgotten) co_return forgotten.error();
    }
    const auto& id = keys.newest().id;
    if (!checked->newest_known) {
        // Before the key's first use: from then on a ring without it is refused while it is needed.
        std::string blob = seal(keys, {"key_check", id, 0}, key_check_text);
        const auto noted = co_await facts_.put(std::string(key_check) + id, std::move(blob), next());
        if (!noted) co_return noted.error();
    }
    co_return co_await uses_.begin(id, next());
}

task<result<void>> token_vault::check_keys(deadline first) {
    const auto keys = ring();
    const next_deadline next = [step = first.left(steady_now())] { return deadline::in(steady_now(), step); };
    const auto begun = co_await begin_with(*keys, true, next);
    if (!begun) co_return begun.error();
    co_return co_await learn_app_of_old_pairs(next());
}

task<result<void>> token_vault::change_keys(key_ring fresh, deadline until) {
    // One deadline for all of it: whoever waits for the change must not hear of it after having given up.
    const next_deadline next = [until] { return until; };
    auto begun = co_await begin_with(fresh, false, next);
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

std::string token_vault::seal_spooled(std::string_view head, const std::string& app, const secret& plain) {
    const auto keys = ring();
    uses_.take_now(keys->newest().id);
    ++sealed_;
    return seal(*keys, {"spooled_pair", head, 0, app}, plain.reveal());
}

opened token_vault::open_spooled(std::string_view head, const std::string& app, std::string_view sealed) {
    auto plain = open(*ring(), {"spooled_pair", head, 0, app}, sealed);
    if (plain)
        ++opened_;
    else if (plain.error() != open_error::unknown_key)
        ++damaged_;
    return plain;
}

spooled_copy token_vault::keep_on_disk(spooled_pair what) {
    return spool_ == nullptr ? spooled_copy{} : spool_->keep(std::move(what));
}

task<result<bool>> token_vault::under_a_key_of_others(std::string_view blob, deadline until) {
    const std::string id(key_id_of(blob));
    if (id.empty() || ring()->find(id) != nullptr) co_return false;
    const auto known = co_await facts_.find(std::string(key_check) + id, until);
    if (!known) co_return known.error();
    co_return known->has_value();
}

task<result<bool>> token_vault::was_newest(const std::string& key_id, deadline until) {
    const auto noted = co_await facts_.find(std::string(key_check) + key_id, until);
    if (!noted) co_return noted.error();
    co_return noted->has_value();
}

failure token_vault::under_another_key(std::string_view what) {
    ++unknown_key_;
    return failure{errc::vault_unavailable,
                   std::string(what) + " sealed under a key that this replica does not have."};
}

task<result<void>> token_vault::note_unopened(std::string_view blob, std::string_view what, deadline until) {
    const auto theirs = co_await under_a_key_of_others(blob, until);
    if (!theirs) co_return theirs.error();
    if (*theirs) co_return under_another_key(what);
    ++damaged_;
    co_return result<void>{};
}

std::vector<std::string> token_vault::older_keys() const {
    const auto keys = ring();
    std::vector<std::string> ids;
    for (const auto& key : keys->all())
        if (key.id != keys->newest().id) ids.push_back(key.id);
    return ids;
}

task<result<key_look>> token_vault::look_under(std::string key_id, std::string cursor, deadline until) {
    auto page = co_await sealed_values_.count_page(key_mark(key_id), std::move(cursor), until);
    if (!page) co_return page.error();
    key_look out{page->count > 0, std::move(page->next)};
    co_return out;
}

task<result<reseal_step>> token_vault::reseal(std::string key_id, std::string cursor, deadline until) {
    constexpr std::uint32_t rows_per_step = 200;
    auto page = co_await sealed_values_.list_with(key_mark(key_id), std::move(cursor), rows_per_step, until);
    if (!page) co_return page.error();
    reseal_step out;
    out.next = std::move(page->next);
    if (page->rows.empty()) co_return out;
    const auto keys = co_await ring_to_seal(page->rows.size(), until);
    if (!keys) co_return keys.error();
    std::vector<store::resealed_record> moved;
    for (auto& row : page->rows) {
        if (row.what == store::sealed_as::login) continue;
        const std::string owner = row.what == store::sealed_as::import_proof ? to_hex(row.owner) : row.owner;
        const record_name name{purpose_of(row.what), owner, row.version, row.app};
        const auto plain = open(**keys, name, row.sealed);
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
