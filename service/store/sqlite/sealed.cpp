#include "store/sealed_walk.hpp"
#include "store/sqlite/operations.hpp"

namespace gateway::store::sqlite {
namespace {

page_of<sealed_pair_record> list_newest(sqlite_database& at, const std::string& prefix,
                                        const sealed_cursor& after, std::uint32_t limit) {
    query found{at,
                "SELECT user_id, version, sealed_tokens FROM connections WHERE user_id > ? "
                "ORDER BY user_id LIMIT ?"};
    found.text(after.user()).number(std::uint64_t{limit});
    sealed_page out(prefix, limit);
    while (found.row()) {
        auto user = found.next_text();
        const auto version = found.next_count();
        out.add_newest(std::move(user), version, found.next_text());
    }
    return out.end_of_newest();
}

page_of<sealed_pair_record> list_kept(sqlite_database& at, const std::string& prefix,
                                      const sealed_cursor& after, std::uint32_t limit) {
    query found{at,
                "SELECT number, user_id, version, sealed_tokens FROM kept_tokens WHERE number > ? "
                "ORDER BY number LIMIT ?"};
    found.number(after.number()).number(std::uint64_t{limit});
    sealed_page out(prefix, limit);
    while (found.row()) {
        const auto number = found.next_number();
        auto user = found.next_text();
        const auto version = found.next_count();
        out.add_kept(number, std::move(user), version, found.next_text());
    }
    return out.end_of_kept();
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

page_of<sealed_pair_record> list_sealed_with(sqlite_database& at, const std::string& prefix,
                                             const std::string& cursor, std::uint32_t limit) {
    const sealed_cursor after(cursor);
    return after.among_kept() ? list_kept(at, prefix, after, limit) : list_newest(at, prefix, after, limit);
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
