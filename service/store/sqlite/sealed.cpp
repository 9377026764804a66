#include "store/sqlite/operations.hpp"

#include <charconv>
#include <string_view>

namespace gateway::store::sqlite {
namespace {

// A cursor says in which table the last row looked at stands: `c` and its user, or `k` and its number.
constexpr char in_connections = 'c', in_kept = 'k';

void add_if_sealed_so(page_of<sealed_pair_record>& to, const std::string& prefix, std::string user,
                      std::uint64_t version, std::string sealed) {
    if (!sealed.starts_with(prefix)) return;
    to.rows.push_back({user_id::trusted(std::move(user)), version, std::move(sealed)});
}

std::int64_t number_of(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

} // namespace

std::uint64_t count_sealed_with(sqlite_database& at, const std::string& prefix) {
    query found{at,
                "SELECT (SELECT count(*) FROM connections WHERE substr(sealed_tokens, 1, ?1) = ?2) + "
                "(SELECT count(*) FROM kept_tokens WHERE substr(sealed_tokens, 1, ?1) = ?2) + "
                "(SELECT count(*) FROM oauth_states WHERE substr(sealed_verifier, 1, ?1) = ?2)"};
    found.number(static_cast<std::uint64_t>(prefix.size())).blob(prefix);
    return found.row() ? found.next_count() : 0;
}

/// Filtered here and not in SQL, so that a page is never longer than its rows, however few fit.
page_of<sealed_pair_record> list_sealed_with(sqlite_database& at, const std::string& prefix,
                                             const std::string& cursor, std::uint32_t limit) {
    page_of<sealed_pair_record> out;
    std::uint32_t seen = 0;
    if (cursor.empty() || cursor.front() == in_connections) {
        query found{at,
                    "SELECT user_id, version, sealed_tokens FROM connections WHERE user_id > ? "
                    "ORDER BY user_id LIMIT ?"};
        found.text(cursor.empty() ? std::string_view{} : std::string_view(cursor).substr(1));
        found.number(std::uint64_t{limit});
        for (; found.row(); ++seen) {
            auto user = found.next_text();
            const auto version = found.next_count();
            out.next = in_connections + user;
            add_if_sealed_so(out, prefix, std::move(user), version, found.next_text());
        }
        if (seen < limit) out.next = in_kept + std::string("0");
        return out;
    }
    query found{at,
                "SELECT number, user_id, version, sealed_tokens FROM kept_tokens WHERE number > ? "
                "ORDER BY number LIMIT ?"};
    found.number(number_of(std::string_view(cursor).substr(1))).number(std::uint64_t{limit});
    for (; found.row(); ++seen) {
        out.next = in_kept + std::to_string(found.next_number());
        auto user = found.next_text();
        const auto version = found.next_count();
        add_if_sealed_so(out, prefix, std::move(user), version, found.next_text());
    }
    if (seen < limit) out.next.clear();
    return out;
}

std::uint64_t replace_sealed(sqlite_database& at, const std::vector<resealed_pair>& pairs) {
    std::uint64_t found = 0;
    const auto put = [&at, &found](const char* sql, const resealed_pair& one) {
        query change{at, sql};
        change.blob(one.sealed_anew)
            .text(one.seen.user.text())
            .number(one.seen.version)
            .blob(one.seen.sealed_tokens);
        found += static_cast<std::uint64_t>(change.run());
    };
    for (const auto& one : pairs) {
        put("UPDATE connections SET sealed_tokens = ? WHERE user_id = ? AND version = ? AND "
            "sealed_tokens = ?",
            one);
        put("UPDATE kept_tokens SET sealed_tokens = ? WHERE user_id = ? AND version = ? AND "
            "sealed_tokens = ?",
            one);
    }
    return found;
}

std::uint64_t add_to_counter(sqlite_database& at, const std::string& name, std::uint64_t by) {
    query sum{at,
              "INSERT INTO counters (name, value) VALUES (?, ?) "
              "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value"};
    if (!sum.text(name).number(by).row()) return 0;
    const auto value = sum.next_count();
    sum.run();
    return value;
}

} // namespace gateway::store::sqlite
