#include "store/columns.hpp"
#include "store/postgresql/operations.hpp"

namespace gateway::store::postgresql {
namespace {

task<maybe_key> find_key(connection& at, const caller_name& caller, const std::string& key, wall_time now) {
    statement ask{"SELECT " KEY_COLUMNS
                  " FROM idempotency_keys WHERE caller = $1 AND key = $2 AND expires_at > $3"};
    ask.text(caller.text()).text(key).time(now);
    auto found = co_await at.run(ask);
    if (!found.next()) co_return std::nullopt;
    co_return read_key(found);
}

task<bool> insert_key(connection& at, const idempotency_record& record, const std::string& owner,
                      wall_time now) {
    statement claim{
        "INSERT INTO idempotency_keys (" KEY_COLUMNS
        ", owner) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (caller, key) DO UPDATE "
        "SET fingerprint = $3, finished = $4, status = $5, answer = $6, request_id = $7, "
        "created_at = $8, expires_at = $9, claim = $10, owner = $11 "
        "WHERE idempotency_keys.expires_at <= $12"};
    bind_key(claim, record).text(owner).time(now);
    const auto claimed = co_await at.run(claim);
    co_return claimed.changed() > 0;
}

bool is_begun(const abandoned_key& one) {
    return one.post && one.post->state == post_state::begun;
}

} // namespace

/// The key that was lost against may be forgotten when it is read; then there is a next round.
task<maybe_key> claim_key(connection& at, const idempotency_record& record, const std::string& owner,
                          wall_time now) {
    while (!at.failed()) {
        const bool ours = co_await insert_key(at, record, owner, now);
        if (ours) co_return std::nullopt;
        auto first = co_await find_key(at, record.caller, record.key, now);
        if (first) co_return first;
    }
    co_return std::nullopt;
}

task<std::vector<abandoned_key>> abandoned_keys(connection& at, const std::string& heir,
                                                milliseconds heir_max, std::uint32_t limit) {
    statement claim{
        "WITH claimed AS (UPDATE idempotency_keys SET owner = $1 WHERE (caller, key) IN (SELECT caller, key "
        "FROM idempotency_keys k WHERE finished = 0 AND NOT EXISTS (SELECT 1 FROM store_instances i "
        "WHERE i.owner = k.owner AND i.alive_until > " DATABASE_NOW
        ") AND NOT EXISTS (SELECT 1 FROM posts p "
        "WHERE p.caller = k.caller AND p.idempotency_key = k.key AND p.idempotency_key <> '' "
        "AND p.created_at >= k.created_at AND p.state = 'begun') "
        "ORDER BY created_at, caller, key LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING " KEY_COLUMNS
        "), "
        "named AS (INSERT INTO store_instances (owner, alive_until) "
        "SELECT $1, " DATABASE_NOW
        " + $3 WHERE EXISTS (SELECT 1 FROM claimed)) "
        "SELECT * FROM claimed ORDER BY created_at, caller, key"};
    claim.text(heir).number(std::uint64_t{limit}).number(std::int64_t{heir_max.count()});
    auto found = co_await at.run(claim);
    std::vector<abandoned_key> out;
    while (found.next())
        out.push_back({read_key(found), std::nullopt});
    for (auto& one : out) {
        one.key.owner = heir;
        one.post = co_await find_post_of(at, one.key);
    }
    // Begun after this transaction had looked, by one who was not dead: its post is settled first.
    std::erase_if(out, [](const abandoned_key& one) { return is_begun(one); });
    co_return out;
}

task<bool> finish_key(connection& at, const idempotency_record& record, const std::string& owner) {
    statement finish{
        "UPDATE idempotency_keys SET finished = 1, status = $1, answer = $2, expires_at = $3 "
        "WHERE caller = $4 AND key = $5 AND finished = 0 AND owner = $6 AND claim = $7"};
    finish.number(std::int64_t{record.status})
        .blob(record.answer)
        .time(record.expires_at)
        .text(record.caller.text())
        .text(record.key)
        .text(record.owner.empty() ? owner : record.owner)
        .text(record.claim);
    const auto finished = co_await at.run(finish);
    co_return finished.changed() > 0;
}

task<bool> forget_key(connection& at, const idempotency_record& record, const std::string& owner) {
    statement forget{
        "DELETE FROM idempotency_keys WHERE caller = $1 AND key = $2 AND finished = 0 AND owner = $3 "
        "AND claim = $4"};
    forget.text(record.caller.text())
        .text(record.key)
        .text(record.owner.empty() ? owner : record.owner)
        .text(record.claim);
    const auto forgotten = co_await at.run(forget);
    co_return forgotten.changed() > 0;
}

task<done> put_file(connection& at, const file_record& record) {
    statement put{"INSERT INTO files (" FILE_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                  "ON CONFLICT (file_id) DO UPDATE SET caller = $2, path = $3, mimetype = $4, "
                  "size_bytes = $5, sha256 = $6, created_at = $7, expires_at = $8"};
    bind_file(put, record);
    co_await at.run(put);
    co_return done{};
}

task<std::optional<file_record>> find_file(connection& at, const file_id& id) {
    statement ask{"SELECT " FILE_COLUMNS " FROM files WHERE file_id = $1"};
    ask.text(id.text());
    auto found = co_await at.run(ask);
    std::optional<file_record> out;
    if (found.next()) out = read_file(found);
    co_return out;
}

task<bool> forget_file(connection& at, const file_id& id) {
    statement forget{"DELETE FROM files WHERE file_id = $1"};
    forget.text(id.text());
    const auto gone = co_await at.run(forget);
    co_return gone.changed() > 0;
}

task<std::vector<file_record>> expired_files(connection& at, wall_time now, std::uint32_t limit) {
    statement ask{"SELECT " FILE_COLUMNS
                  " FROM files WHERE expires_at <= $1 ORDER BY expires_at, file_id LIMIT $2"};
    ask.time(now).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    std::vector<file_record> out;
    while (found.next())
        out.push_back(read_file(found));
    co_return out;
}

task<std::uint64_t> stored_file_bytes(connection& at) {
    statement ask{"SELECT coalesce(sum(size_bytes), 0)::bigint FROM files"};
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

} // namespace gateway::store::postgresql
