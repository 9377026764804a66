// No statement of the service lets SQLite read a whole table that grows, or sort one.
#include "store/sqlite/database.hpp"
#include "unit/store/plans.hpp"

#include <string>
#include <vector>

namespace gateway::testing {
namespace {

using store::statement;

class SqlitePlans : public ::testing::Test {
protected:
    SqlitePlans() {
        const statement ask("SELECT name FROM sqlite_schema WHERE type = 'table'");
        auto found = at->step(ask);
        for (std::string name; found.next(name);)
            tables.insert(name);
    }
    /// The lines of the plan; none if SQLite does not take the statement.
    std::vector<std::string> plan_of(const std::string& sql) {
        const std::vector<statement::parameter> any(40, {statement::parameter::kind::number, 0, {}});
        const auto ask = statement::composed("EXPLAIN QUERY PLAN " + sql, any);
        auto found = at->step(ask);
        std::vector<std::string> lines;
        std::int64_t id = 0, parent = 0, unused = 0;
        for (std::string line; found.next(id, parent, unused, line);)
            lines.push_back(line);
        at->clear_failure();
        return lines;
    }
    /// Why a line is too much; empty if it is not.
    std::string fault_of(const std::string& sql, const std::string& line) const {
        if (line.find("USE TEMP B-TREE FOR ORDER BY") != line.npos && sql.find("refresh_intents") == sql.npos)
            return "it sorts all rows that it finds";
        std::smatch found;
        if (!std::regex_search(line, found, std::regex("^(SCAN|SEARCH) (\\w+)"))) return {};
        const auto table = table_of(sql, found[2], tables);
        if (table.empty() || is_small(table)) return {};
        if (found[1] == "SCAN") return "it reads the whole table " + table;
        const bool is_range = line.find("=?") == line.npos && line.find_first_of("<>") != line.npos;
        if (is_range && sql.find(" LIMIT ") == sql.npos) return "it reads the rest of the table " + table;
        return {};
    }

    std::unique_ptr<store::sqlite_database> at = *store::sqlite_database::open_in_memory(wall_now);
    std::set<std::string> tables;
};

TEST_F(SqlitePlans, AuditJNoStatementReadsAWholeTableThatGrows) {
    int explained = 0;
    for (const auto& sql : statements_in(SERVICE_LIBRARY)) {
        const auto lines = plan_of(sql);
        explained += lines.empty() ? 0 : 1;
        for (const auto& line : lines)
            if (const auto fault = fault_of(sql, line); !fault.empty())
                ADD_FAILURE() << fault << ": " << line << "\n  " << sql;
    }
    EXPECT_GE(explained, 70);
}

TEST_F(SqlitePlans, PostsOfOneStateAndTheDaysPostsOfAnAccountAreFoundByTheirOwnIndex) {
    const auto statements = statements_in(SERVICE_LIBRARY);
    for (const auto& [of, index] : indexes_of_post_lists) {
        bool found = false;
        for (const auto& sql : statements) {
            if (sql.find(of) == sql.npos) continue;
            found = true;
            std::string plan;
            for (const auto& line : plan_of(sql))
                plan += line + '\n';
            EXPECT_NE(plan.find(index), plan.npos) << sql << '\n' << plan;
        }
        EXPECT_TRUE(found) << of;
    }
}

/// What this test would find, so that it does not pass because it reads plans wrongly.
TEST_F(SqlitePlans, AuditJFindsAScanASortAndTheRestOfATable) {
    const auto is_refused = [this](const std::string& sql) {
        const auto lines = plan_of(sql);
        return std::any_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return !fault_of(sql, line).empty(); });
    };
    EXPECT_TRUE(is_refused("SELECT count(*) FROM posts"));
    EXPECT_TRUE(is_refused("SELECT state, count(*) FROM connections GROUP BY state"))
        << "an index is a table";
    EXPECT_TRUE(is_refused("SELECT attempt FROM posts p WHERE p.caller = $1 AND p.idempotency_key = $2"))
        << "the partial index does not fit";
    EXPECT_TRUE(is_refused("UPDATE posts SET owner = $1 WHERE owner = $2"));
    EXPECT_TRUE(is_refused("SELECT attempt FROM posts WHERE user_id = $1 ORDER BY created_at LIMIT 1"));
    EXPECT_TRUE(is_refused("SELECT attempt FROM posts WHERE attempt > $1"));
    EXPECT_FALSE(is_refused("SELECT attempt FROM posts WHERE attempt > $1 ORDER BY attempt LIMIT $2"));
    EXPECT_FALSE(is_refused("SELECT attempt FROM posts WHERE user_id = $1"));
    EXPECT_FALSE(is_refused("SELECT name FROM meta"));
}

} // namespace
} // namespace gateway::testing
