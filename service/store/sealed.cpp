#include "store/sealed.hpp"

#include "store/engine.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace gateway::store {
namespace {

using page_of_pairs = page_of<sealed_pair_record>;

// Iterates over all pairs: first the newest of each user, by user, then the kept ones, by number. The cursor
// is the last one read: `c` and a user, or `k` and a number. Filtered here and not in SQL, so that the cost
// of a page is bounded, however few match.

void add_if_fits(page_of_pairs& to, rows& found, const std::string& prefix) {
    sealed_pair_record one;
    one.user = user_id::trusted(found.next_text());
    one.version = found.next_count();
    one.sealed_tokens = found.next_text();
    if (one.sealed_tokens.starts_with(prefix)) to.rows.push_back(std::move(one));
}

task<page_of_pairs> list_newest(transaction& at, const std::string& prefix, std::string_view after,
                                std::uint32_t limit) {
    statement ask{
        "SELECT user_id, user_id, version, sealed_tokens FROM connections WHERE user_id > $1 "
        "ORDER BY user_id LIMIT $2"};
    ask.text(after).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    page_of_pairs out;
    std::uint32_t seen = 0;
    for (; found.next(); ++seen) {
        out.next = "c" + found.next_text();
        add_if_fits(out, found, prefix);
    }
    if (seen < limit) out.next = "k0"; // numbers begin at 1
    co_return out;
}

task<page_of_pairs> list_kept(transaction& at, const std::string& prefix, std::string_view after,
                              std::uint32_t limit) {
    std::int64_t number = 0;
    std::from_chars(after.data(), after.data() + after.size(), number);
    statement ask{
        "SELECT number, user_id, version, sealed_tokens FROM kept_tokens WHERE number > $1 "
        "ORDER BY number LIMIT $2"};
    ask.number(number).number(std::uint64_t{limit});
    auto found = co_await at.run(ask);
    page_of_pairs out;
    std::uint32_t seen = 0;
    for (; found.next(); ++seen) {
        out.next = "k" + std::to_string(found.next_number());
        add_if_fits(out, found, prefix);
    }
    if (seen < limit) out.next.clear();
    co_return out;
}

task<page_of_pairs> list_sealed(transaction& at, const std::string& prefix, const std::string& cursor,
                                std::uint32_t limit) {
    const std::string_view after = cursor.empty() ? std::string_view{} : std::string_view{cursor}.substr(1);
    if (cursor.starts_with('k')) return list_kept(at, prefix, after, limit);
    return list_newest(at, prefix, after, limit);
}

task<std::uint64_t> count_sealed(transaction& at, const std::string& prefix) {
    statement ask{
        "SELECT (SELECT count(*) FROM connections WHERE substr(sealed_tokens, 1, CAST($1 AS INTEGER)) = $2) "
        "+ "
        "(SELECT count(*) FROM kept_tokens WHERE substr(sealed_tokens, 1, CAST($1 AS INTEGER)) = $2) + "
        "(SELECT count(*) FROM oauth_states WHERE substr(sealed_verifier, 1, CAST($1 AS INTEGER)) = $2)"};
    ask.number(static_cast<std::uint64_t>(prefix.size())).blob(prefix);
    auto found = co_await at.run(ask);
    co_return found.next() ? found.next_count() : 0;
}

task<std::int64_t> replace_one(transaction& at, const resealed_pair& pair) {
    statement newest{
        "UPDATE connections SET sealed_tokens = $1 WHERE user_id = $2 AND version = $3 AND sealed_tokens = "
        "$4"};
    statement kept{
        "UPDATE kept_tokens SET sealed_tokens = $1 WHERE user_id = $2 AND version = $3 AND sealed_tokens = "
        "$4"};
    // A pair is in one of the two tables. If a refresh is moving it to the second one, this waits for that.
    const std::array places{&newest, &kept};
    for (auto* place : places) {
        place->blob(pair.sealed_anew)
            .text(pair.seen.user.text())
            .number(pair.seen.version)
            .blob(pair.seen.sealed_tokens);
        const auto changed = co_await at.run(*place);
        if (changed.changed() > 0) co_return changed.changed();
    }
    co_return 0;
}

task<std::uint64_t> replace_sealed(transaction& at, const std::vector<resealed_pair>& pairs) {
    std::uint64_t found = 0;
    for (const auto& pair : pairs) {
        const auto replaced = co_await replace_one(at, pair);
        found += static_cast<std::uint64_t>(replaced);
    }
    co_return found;
}

} // namespace

task<result<std::uint64_t>> sealed::count_with(std::string prefix, deadline until) {
    return run(engine_, unit::reads(), until, &count_sealed, std::move(prefix));
}

task<result<page_of_pairs>> sealed::list_with(std::string prefix, std::string cursor, std::uint32_t limit,
                                              deadline until) {
    return run(engine_, unit::reads(), until, &list_sealed, std::move(prefix), std::move(cursor), limit);
}

task<result<std::uint64_t>> sealed::replace(std::vector<resealed_pair> pairs, deadline until) {
    return run(engine_, unit::atomic_writes(), until, &replace_sealed, std::move(pairs));
}

} // namespace gateway::store
