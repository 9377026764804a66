// Every SQL statement of the service, found in its compiled code, so that a new one needs no entry anywhere;
// and whether a line of a database's plan reads a whole table.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <string_view>

namespace gateway::testing {

inline bool begins_statement(std::string_view text) {
    for (const std::string_view word : {"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "})
        if (text.starts_with(word)) return true;
    return false;
}

/// The literals in a library (or program) that are statements: a compiler stores each text in one piece, with
/// a zero at its end.
inline std::set<std::string> statements_in(const std::string& library) {
    std::ifstream in(library, std::ios::binary);
    const auto is_text = [](char one) { return std::isprint(static_cast<unsigned char>(one)) != 0; };
    std::set<std::string> out;
    for (std::string piece; std::getline(in, piece, '\0');) {
        const auto length = std::find_if_not(piece.rbegin(), piece.rend(), is_text) - piece.rbegin();
        const auto text = std::string_view(piece).substr(piece.size() - static_cast<std::size_t>(length));
        if (begins_statement(text)) out.emplace(text);
    }
    EXPECT_GE(out.size(), 70U) << library;
    EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](const std::string& each) {
        return each.starts_with("INSERT INTO idempotency_keys");
    })) << library;
    return out;
}

/// By a part of the statement, the index that it must use: a page of 100 of a user's 100,000 posts reads no
/// others, whatever is asked for.
struct wanted_index {
    std::string_view of, index;
};
inline constexpr std::array<wanted_index, 3> indexes_of_post_lists{
    {{"(CASE WHEN status = ''", "posts_by_told_state"},
     {"WHERE account = (SELECT", "posts_by_account"},
     {"count(DISTINCT account)", "posts_direct"}}};

/// Tables that may be read whole: a row (or a few) for each process, setting, caller or counter, and for each
/// refresh that runs or was interrupted. Catalogues of a database are not growing either.
inline bool is_small(std::string_view table) {
    constexpr std::array<std::string_view, 7> small{"meta",         "counters",     "store_instances",
                                                    "webhook_ends", "caller_usage", "refresh_intents",
                                                    "store_schema"};
    return std::find(small.begin(), small.end(), table) != small.end();
}

/// The table that a plan calls `name`: an alias of the statement, or the name itself. Empty for what is no
/// table of ours: a subquery, a catalogue.
inline std::string table_of(const std::string& sql, const std::string& name,
                            const std::set<std::string>& tables) {
    if (tables.contains(name)) return name;
    const std::regex alias("(\\w+) (AS )?" + name + "\\b");
    for (std::sregex_iterator one(sql.begin(), sql.end(), alias), end; one != end; ++one)
        if (tables.contains((*one)[1])) return (*one)[1];
    return {};
}

} // namespace gateway::testing
