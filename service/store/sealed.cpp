#include "store/sealed.hpp"

#include "base/text.hpp"
#include "store/queries.hpp"

#include <string_view>

namespace gateway::store {

auto columns_of(row_of<sealed_record> auto& of) {
    return columns(blob(of.owner), of.version, of.app, blob(of.sealed));
}

namespace {

/// A table in the order in which they are read: its letter in the cursor, its last value is there as text.
enum class table : char {
    connections = 'c',
    kept = 'k',
    beside = 'o',
    proofs = 'p',
    revocations = 'r',
    waiting = 'w',
    logins = 'z',
    none = 0
};
constexpr std::string_view tables = "ckoprwz";
constexpr std::uint32_t counted_at_once = 1'000;

constexpr table after(table one) {
    const auto next = tables.find(static_cast<char>(one)) + 1;
    return next < tables.size() ? static_cast<table>(tables[next]) : table::none;
}

sealed_as what_is_in(table one) {
    switch (one) {
        case table::proofs:
            return sealed_as::import_proof;
        case table::revocations:
            return sealed_as::revocation;
        case table::waiting:
        case table::logins:
            return sealed_as::login;
        default:
            return sealed_as::pair;
    }
}

/// Of a value with the mark its first bytes, of another one nothing. SQLite's substr() of an empty value is
/// NULL.
#define MARKED(column)                                                     \
    "CASE WHEN length(" column ") = 0 THEN " column " ELSE substr(" column \
    ", 1, "                                                                \
    "CASE WHEN substr(" column                                             \
    ", 2, CAST($1 AS INTEGER)) = $2 "                                      \
    "THEN CAST($3 AS INTEGER) ELSE 0 END) END"

/// What is read of the values of a page.
struct wanted {
    std::string mark; // behind the first byte
    std::uint32_t bytes_max;
    std::uint32_t rows_max;
};

/// The next rows after `last`: their places, and the values as in columns_of.
statement page_of_table(table one, const std::string& last, const wanted& of) {
    const auto number = parse_number<std::int64_t>(last).value_or(0); // numbers begin at 1
    const auto gap = last.find('\n');
    const auto mark_size = static_cast<std::uint32_t>(of.mark.size());
    const blob mark(of.mark);
    switch (one) {
        case table::kept:
            return statement(
                "SELECT CAST(number AS TEXT) AS place, user_id, version, app, " MARKED(
                    "sealed_tokens") " FROM kept_tokens WHERE number > $4 ORDER BY number LIMIT $5",
                mark_size, mark, of.bytes_max, number, of.rows_max);
        case table::beside:
            return statement(
                "SELECT user_id || $7 || app AS place, user_id, version, app, " MARKED("sealed_tokens")
                " FROM other_app_connections WHERE (user_id, app) > ($4, $5) ORDER BY user_id, app LIMIT $6",
                mark_size, mark, of.bytes_max, last.substr(0, gap),
                gap == std::string::npos ? std::string{} : last.substr(gap + 1), of.rows_max, "\n");
        case table::proofs:
            return statement(
                "SELECT refresh_hash AS place, refresh_hash, CAST(0 AS BIGINT), app, " MARKED("sealed_tokens")
                " FROM import_proofs WHERE refresh_hash > $4 ORDER BY refresh_hash LIMIT $5",
                mark_size, mark, of.bytes_max, blob(last), of.rows_max);
        case table::revocations:
            return statement(
                "SELECT CAST(number AS TEXT) AS place, open_id, version, app, " MARKED(
                    "sealed_tokens") " FROM revocations WHERE number > $4 ORDER BY number LIMIT $5",
                mark_size, mark, of.bytes_max, number, of.rows_max);
        case table::waiting:
            return statement(
                "SELECT confirmation_hash AS place, confirmation_hash, CAST(0 AS BIGINT), app, "
                MARKED("sealed_tokens")
                " FROM pending_grants WHERE confirmation_hash > $4 ORDER BY confirmation_hash LIMIT $5",
                mark_size, mark, of.bytes_max, blob(last), of.rows_max);
        case table::logins:
            return statement(
                "SELECT state_hash AS place, state_hash, CAST(0 AS BIGINT), app, " MARKED(
                    "sealed_verifier") " FROM oauth_states WHERE state_hash > $4 ORDER BY state_hash LIMIT "
                                       "$5",
                mark_size, mark, of.bytes_max, blob(last), of.rows_max);
        default:
            return statement(
                "SELECT user_id AS place, user_id, version, app, " MARKED(
                    "sealed_tokens") " FROM connections WHERE user_id > $4 ORDER BY user_id LIMIT $5",
                mark_size, mark, of.bytes_max, last, of.rows_max);
    }
}

/// The cursor is the letter of the table and the place of the last row read. The rows without the mark are
/// read, too, so that the cost of a page is bounded, however few have it.
task<page_of<sealed_record>> read_page(transaction& at, std::string cursor, wanted of) {
    const auto one = cursor.empty() ? table::connections : static_cast<table>(cursor.front());
    const std::string last = cursor.empty() ? std::string{} : cursor.substr(1);
    const auto ask = page_of_table(one, last, of);
    auto found = co_await at.run(ask);
    page_of<sealed_record> out;
    std::uint32_t seen = 0;
    std::string place;
    sealed_record value;
    for (value.what = what_is_in(one); found.next(place, value); ++seen) {
        out.next = static_cast<char>(one) + place;
        if (!value.sealed.empty()) out.rows.push_back(value);
    }
    if (seen < of.rows_max) {
        const auto next = after(one);
        out.next = next == table::none ? std::string{} : std::string{static_cast<char>(next)};
    }
    co_return out;
}

task<bool> replace_value(transaction& at, const resealed_record& one) {
    const auto& seen = one.seen;
    const blob before(seen.sealed), anew(one.sealed_anew);
    if (seen.what == sealed_as::import_proof) {
        statement proof(
            "UPDATE import_proofs SET sealed_tokens = $1 WHERE refresh_hash = $2 AND sealed_tokens = $3",
            anew, blob(seen.owner), before);
        co_return co_await changes_rows(at, std::move(proof));
    }
    if (seen.what == sealed_as::revocation) {
        statement waiting(
            "UPDATE revocations SET sealed_tokens = $1 "
            "WHERE open_id = $2 AND version = $3 AND sealed_tokens = $4",
            anew, seen.owner, seen.version, before);
        co_return co_await changes_rows(at, std::move(waiting));
    }
    // A pair is in one of three tables. If a refresh is moving it to the second one, this waits for that.
    statement newest(
        "UPDATE connections SET sealed_tokens = $1 WHERE user_id = $2 AND version = $3 AND sealed_tokens = "
        "$4",
        anew, seen.owner, seen.version, before);
    const bool was_newest = co_await changes_rows(at, std::move(newest));
    if (was_newest) co_return true;
    statement kept(
        "UPDATE kept_tokens SET sealed_tokens = $1 WHERE user_id = $2 AND version = $3 AND sealed_tokens = "
        "$4",
        anew, seen.owner, seen.version, before);
    const bool was_kept = co_await changes_rows(at, std::move(kept));
    if (was_kept) co_return true;
    statement beside(
        "UPDATE other_app_connections SET sealed_tokens = $1 "
        "WHERE user_id = $2 AND version = $3 AND sealed_tokens = $4",
        anew, seen.owner, seen.version, before);
    co_return co_await changes_rows(at, std::move(beside));
}

} // namespace

task<result<counted_page>> sealed::count_page(std::string mark, std::string cursor, deadline until) {
    constexpr std::uint32_t first_byte = 1; // enough to see that there is a value
    wanted of{std::move(mark), first_byte, counted_at_once};
    auto page =
        co_await run(engine_, unit::reads().as_upkeep(), until, &read_page, std::move(cursor), std::move(of));
    if (!page) co_return page.error();
    counted_page out{page->rows.size(), std::move(page->next)};
    co_return out;
}

task<result<page_of<sealed_record>>> sealed::list_with(std::string mark, std::string cursor,
                                                       std::uint32_t limit, deadline until) {
    constexpr std::uint32_t all_bytes = 1U << 30;
    wanted of{std::move(mark), all_bytes, limit};
    co_return co_await run(engine_, unit::reads().as_upkeep(), until, &read_page, std::move(cursor),
                           std::move(of));
}

task<result<std::uint64_t>> sealed::replace(std::vector<resealed_record> values, deadline until) {
    return run(engine_, unit::atomic_writes().as_upkeep(), until,
               [=](transaction& at) -> task<std::uint64_t> {
                   std::uint64_t found = 0;
                   for (const auto& one : values) {
                       const bool replaced = co_await replace_value(at, one);
                       if (replaced) ++found;
                   }
                   co_return found;
               });
}

} // namespace gateway::store
