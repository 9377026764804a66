#include "store/idempotency_keys.hpp"

#include "store/gone_owners.hpp"
#include "store/late_writes.hpp"
#include "store/ledger.hpp"
#include "store/queries.hpp"

#include <algorithm>
#include <tuple>

namespace gateway::store {

// A macro, so that it can be concatenated with SQL literals.
#define KEY_COLUMNS \
    "caller, key, fingerprint, finished, status, answer, request_id, created_at, expires_at, claim"

auto columns_of(row_of<idempotency_record> auto& of) {
    return columns(of.caller, of.key, blob(of.fingerprint), of.finished, of.status, blob(of.answer),
                   of.request_id, of.created_at, of.expires_at, of.claim);
}

namespace {

using found_key = std::optional<idempotency_record>;
using shared_key = std::shared_ptr<const idempotency_record>;

const std::string& owner_of(const idempotency_record& record, const transaction& at) {
    return record.owner.empty() ? at.owner() : record.owner;
}

task<bool> finish_key(transaction& at, const idempotency_record& record) {
    statement finish(
        "UPDATE idempotency_keys SET finished = 1, status = $1, answer = $2, expires_at = $3 "
        "WHERE caller = $4 AND key = $5 AND finished = 0 AND owner = $6 AND claim = $7",
        record.status, blob(record.answer), record.expires_at, record.caller, record.key,
        owner_of(record, at), record.claim);
    return changes_rows(at, std::move(finish));
}

task<bool> forget_key(transaction& at, const idempotency_record& record) {
    statement forget(
        "DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2 AND finished = 0 AND owner = $3 "
        "AND claim = $4",
        record.caller, record.key, owner_of(record, at), record.claim);
    return changes_rows(at, std::move(forget));
}

shared_key shared(idempotency_record record) {
    return std::make_shared<const idempotency_record>(std::move(record));
}

/// The end of a key, for now or later.
late_write writing(engine& on, task<bool> (*end)(transaction&, const idempotency_record&),
                   shared_key record) {
    return [&on, end, record = std::move(record)](deadline until) {
        return run(on, unit::writes(), until, end, *record);
    };
}

#define KEY_AT \
    "SELECT " KEY_COLUMNS " FROM idempotency_keys WHERE caller = $1 AND key = $2 AND expires_at > $3"

} // namespace

/// An expired key is replaced. The conflicting key may be deleted before it is read; then tries again.
task<result<found_key>> idempotency_keys::claim(idempotency_record record, wall_time now, deadline until) {
    const auto work = make_work([=](transaction& at) -> task<found_key> {
        while (!at.failed()) {
            statement claim(
                "INSERT INTO idempotency_keys (" KEY_COLUMNS
                ", owner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (caller, key) "
                "DO UPDATE SET fingerprint = $3, finished = $4, status = $5, answer = $6, request_id = $7, "
                "created_at = $8, expires_at = $9, claim = $10, owner = $11 "
                "WHERE idempotency_keys.expires_at <= $12",
                columns_of(record), at.owner(), now);
            const bool ours = co_await changes_rows(at, std::move(claim));
            if (ours) break;
            statement ask(KEY_AT, record.caller, record.key, now);
            auto first = co_await first_of<idempotency_record>(at, std::move(ask));
            if (first) co_return first;
        }
        co_return std::nullopt;
    });
    auto claimed = co_await run_work(engine_, unit::writes_with_the_next(), until, work);
    if (!claimed) {
        if (work->was_begun() && engine_.visible_within() > milliseconds{0})
            late_.add(writing(engine_, &forget_key, shared(std::move(record))), steady_now());
    } else if (*claimed && !(*claimed)->finished) {
        if (auto answer = late_.answer_of(**claimed)) *claimed = std::move(answer);
    }
    co_return claimed;
}

task<result<found_key>> idempotency_keys::find(caller_name caller, std::string key, wall_time now,
                                               deadline until) {
    statement ask(KEY_AT, caller, key, now);
    auto found = co_await run(engine_, unit::reads(), until, &first_of<idempotency_record>, std::move(ask));
    if (found && *found && !(*found)->finished)
        if (auto answer = late_.answer_of(**found)) *found = std::move(answer);
    co_return found;
}

task<result<std::optional<post_record>>> idempotency_keys::post_of(idempotency_record key, deadline until) {
    return run(engine_, unit::reads(), until, &find_post_of, std::move(key));
}

task<result<void>> idempotency_keys::finish(idempotency_record record, deadline until) {
    const auto write = writing(engine_, &finish_key, shared(std::move(record)));
    const auto ended = co_await write(until);
    if (!ended) co_return ended.error();
    co_return result<void>{};
}

void idempotency_keys::finish_later(idempotency_record record) {
    auto key = shared(std::move(record));
    auto write = writing(engine_, &finish_key, key);
    late_.add(std::move(write), steady_now(), std::move(key));
}

task<result<void>> idempotency_keys::forget(idempotency_record record, deadline until) {
    auto write = writing(engine_, &forget_key, shared(std::move(record)));
    const auto ended = co_await write(until);
    if (ended) co_return result<void>{};
    late_.add(std::move(write), steady_now());
    co_return ended.error();
}

/// Claims unfinished keys whose process has crashed and whose posts are settled. The condition on the state
/// of posts is written so that PostgreSQL cannot take the index of all begun posts for it, but looks up the
/// key.
task<result<std::vector<abandoned_key>>> idempotency_keys::abandoned(std::uint32_t limit, deadline until) {
    const auto claimant = new_ulid(wall_now());
    const auto claim_ttl = engine_.limits().silent_max;
    auto take_over = [=](transaction& at) -> task<std::vector<abandoned_key>> {
        const auto gone = co_await gone_owners<std::int64_t>(
            at,
            "SELECT owner, created_at FROM idempotency_keys WHERE finished = 0 AND owner >= $1 "
            "ORDER BY owner, created_at LIMIT 1");
        std::vector<abandoned_key> taken;
        for (const auto& owner : gone) {
            const statement take(
                "UPDATE idempotency_keys SET owner = $1 WHERE (caller, key) IN (SELECT caller, key "
                "FROM idempotency_keys k WHERE finished = 0 AND owner = $2 "
                "AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.caller = k.caller "
                "AND p.idempotency_key = k.key AND p.idempotency_key <> '' "
                "AND p.created_at >= k.created_at AND p.state NOT IN ('settled', 'outcome_unknown')) "
                "ORDER BY created_at, caller, key LIMIT $3 FOR UPDATE SKIP LOCKED) "
                "RETURNING " KEY_COLUMNS,
                claimant, owner, limit - taken.size());
            auto found = co_await at.run(take);
            for (abandoned_key one; found.next(one.key); taken.push_back(one))
                one.key.owner = claimant;
            if (taken.size() == limit) break;
        }
        std::sort(taken.begin(), taken.end(),
                  [](const abandoned_key& a, const abandoned_key& b) { // RETURNING has no order
                      return std::tie(a.key.created_at, a.key.caller, a.key.key)
                             < std::tie(b.key.created_at, b.key.caller, b.key.key);
                  });
        if (taken.empty()) co_return taken;
        co_await register_claimant(at, claimant, claim_ttl);
        for (auto& one : taken)
            one.post = co_await find_post_of(at, one.key);
        // Posts that a running process began after this transaction's check: they are settled
        // first.
        std::erase_if(
            taken, [](const abandoned_key& one) { return one.post && one.post->state == post_state::begun; });
        co_return taken;
    };
    return run(engine_, unit::of_settlement(), until, std::move(take_over));
}

} // namespace gateway::store
