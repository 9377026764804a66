#include "store/sealed.hpp"

#include "base/text.hpp"
#include "store/queries.hpp"

#include <string_view>

namespace gateway::store {

auto columns_of(row_of<sealed_pair_record> auto& of) {
    return columns(of.user, of.version, blob(of.sealed_tokens));
}

using page_of_pairs = page_of<sealed_pair_record>;

task<result<std::uint64_t>> sealed::count_with(std::string prefix, deadline until) {
    statement ask(
        "SELECT (SELECT count(*) FROM connections WHERE substr(sealed_tokens, 1, CAST($1 AS INTEGER)) = $2) "
        "+ (SELECT count(*) FROM kept_tokens WHERE substr(sealed_tokens, 1, CAST($1 AS INTEGER)) = $2) + "
        "(SELECT count(*) FROM oauth_states WHERE substr(sealed_verifier, 1, CAST($1 AS INTEGER)) = $2)",
        prefix.size(), blob(prefix));
    return run(engine_, unit::reads(), until, &number_of, std::move(ask));
}

/// Iterates over all pairs: first the newest of each user, by user, then the kept ones, by number. The cursor
/// is the last one read: `c` and a user, or `k` and a number. Filtered here and not in SQL, so that the cost
/// of a page is bounded, however few match.
task<result<page_of_pairs>> sealed::list_with(std::string prefix, std::string cursor, std::uint32_t limit,
                                              deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<page_of_pairs> {
        const auto after = cursor.empty() ? std::string_view{} : std::string_view{cursor}.substr(1);
        const bool is_kept = cursor.starts_with('k');
        const statement newest(
            "SELECT user_id, user_id, version, sealed_tokens FROM connections WHERE user_id > $1 "
            "ORDER BY user_id LIMIT $2",
            after, limit);
        const statement kept(
            "SELECT CAST(number AS TEXT) AS place, user_id, version, sealed_tokens FROM kept_tokens "
            "WHERE number > $1 ORDER BY number LIMIT $2",
            parse_number<std::int64_t>(after).value_or(0), limit);
        auto found = co_await at.run(is_kept ? kept : newest);
        page_of_pairs out;
        std::uint32_t seen = 0;
        std::string place;
        for (sealed_pair_record one; found.next(place, one); ++seen) {
            out.next = (is_kept ? "k" : "c") + place;
            if (one.sealed_tokens.starts_with(prefix)) out.rows.push_back(std::move(one));
        }
        if (seen < limit) out.next = is_kept ? "" : "k0"; // numbers begin at 1
        co_return out;
    });
}

task<result<std::uint64_t>> sealed::replace(std::vector<resealed_pair> pairs, deadline until) {
    return run(engine_, unit::atomic_writes(), until, [=](transaction& at) -> task<std::uint64_t> {
        std::uint64_t found = 0;
        for (const auto& pair : pairs) {
            const auto values = columns(columns_of(pair.seen), blob(pair.sealed_anew));
            // A pair is in one of the two tables. If a refresh is moving it to the second one,
            // this waits for that.
            const statement newest(
                "UPDATE connections SET sealed_tokens = $4 "
                "WHERE user_id = $1 AND version = $2 AND sealed_tokens = $3",
                values);
            auto done = co_await at.run(newest);
            if (done.changed() == 0) {
                const statement kept(
                    "UPDATE kept_tokens SET sealed_tokens = $4 "
                    "WHERE user_id = $1 AND version = $2 AND sealed_tokens = $3",
                    values);
                done = co_await at.run(kept);
            }
            found += static_cast<std::uint64_t>(done.changed());
        }
        co_return found;
    });
}

} // namespace gateway::store
