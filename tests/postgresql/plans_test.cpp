// No statement of the service lets PostgreSQL read a whole table that grows.
#include "unit/store/plans.hpp"

#include "postgresql/shared_server.hpp"
#include "store/sqlite/database.hpp"

#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace gateway::testing {
namespace {

/// Rows that fill every table, so that the planner has something to choose from. Without the checks of the
/// schema, because any value will do.
constexpr const char* fill = R"sql(
DO $fill$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT conrelid::regclass AS of, conname FROM pg_constraint
               WHERE contype = 'c' AND connamespace = current_schema()::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.of, one.conname);
    END LOOP;
    FOR one IN SELECT table_name AS of, string_agg(quote_ident(column_name), ', ') AS names,
                      string_agg(CASE data_type WHEN 'bigint' THEN 'n' WHEN 'bytea' THEN 'int8send(n)'
                                 ELSE '''x'' || n' END, ', ') AS row
               FROM information_schema.columns
               WHERE table_schema = current_schema() AND is_identity = 'NO' GROUP BY table_name LOOP
        EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM generate_series(1, 3000) AS g(n) '
                       'ON CONFLICT DO NOTHING', one.of, one.names, one.row);
    END LOOP;
END $fill$;
ANALYZE
)sql";

class PostgresqlPlans : public PostgresqlStore {
protected:
    PostgresqlPlans() {
        open().reset(); // makes the schema
        sql(fill);
        std::istringstream names(
            sql("SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = current_schema()"));
        for (std::string name; names >> name;)
            tables.insert(name);
    }
    /// The plan for any parameters, one line each; empty if PostgreSQL does not take the statement.
    std::string plan_of(const std::string& text) {
        std::string explain;
        try {
            return sql(
                "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
                "SET enable_hashjoin = off; SET enable_mergejoin = off; "
                "CREATE FUNCTION pg_temp.plan_of(asked text) RETURNS text LANGUAGE plpgsql AS $f$ "
                "DECLARE line text; lines text := ''; given text := ''; BEGIN "
                "EXECUTE 'PREPARE asked AS ' || asked; "
                "SELECT coalesce('(' || string_agg('NULL', ', ') || ')', '') INTO given "
                "FROM pg_prepared_statements, unnest(parameter_types) WHERE name = 'asked'; "
                "FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) EXECUTE asked' || given LOOP "
                "lines := lines || line || E'\\n'; END LOOP; RETURN lines; END $f$; "
                "SELECT pg_temp.plan_of($statement$"
                + text + "$statement$)");
        } catch (const std::runtime_error&) {
            return {};
        }
    }
    /// Why the plan is too much; empty if it is not. A condition stands below its node, further to the right.
    std::string fault_of(const std::string& text, const std::string& plan) const {
        std::istringstream lines(plan);
        std::vector<std::string> all;
        for (std::string line; std::getline(lines, line);)
            all.push_back(line);
        std::string read; // by the node, or by the one above it, which reads what the bitmap says
        for (std::size_t at = 0; at < all.size(); ++at) {
            std::smatch found;
            if (!std::regex_search(all[at], found,
                                   std::regex("(Seq|Index|Index Only|Heap) Scan.* on (\\w+)")))
                continue;
            const bool of_bitmap = all[at].find("Bitmap Index") != std::string::npos;
            if (!of_bitmap) read = found[2];
            const auto table = table_of(text, read, tables);
            if (found[1] == "Heap" || table.empty() || is_small(table)) continue;
            const bool has_condition =
                at + 1 < all.size() && all[at + 1].find("Index Cond:") != std::string::npos;
            if (found[1] == "Seq" || !has_condition) return "it reads the whole table " + table;
        }
        return {};
    }

    std::set<std::string> tables;
};

TEST_F(PostgresqlPlans, AuditJNoStatementReadsAWholeTableThatGrows) {
    const auto sqlite = *store::sqlite_database::open_in_memory(wall_now);
    const auto is_for_sqlite = [&](const std::string& text) {
        const std::vector<store::statement::parameter> any(40, {store::statement::parameter::kind::number});
        const auto ask = store::statement::composed("EXPLAIN " + text, any);
        sqlite->step(ask);
        const bool taken = !sqlite->failed();
        sqlite->clear_failure();
        return taken;
    };
    int explained = 0;
    for (const auto& text : statements_in(SERVICE_LIBRARY)) {
        const auto plan = plan_of(text);
        explained += plan.empty() ? 0 : 1;
        if (plan.empty()) {
            EXPECT_TRUE(is_for_sqlite(text)) << "no database takes it: " << text;
        }
        if (const auto fault = fault_of(text, plan); !fault.empty())
            ADD_FAILURE() << fault << "\n  " << text << "\n" << plan;
    }
    EXPECT_GE(explained, 70);
}

TEST_F(PostgresqlPlans, PostsOfOneStateAndTheDaysPostsOfAnAccountAreFoundByTheirOwnIndex) {
    const auto statements = statements_in(SERVICE_LIBRARY);
    for (const auto& [of, index] : indexes_of_post_lists) {
        bool found = false;
        for (const auto& text : statements) {
            if (text.find(of) == text.npos) continue;
            found = true;
            const auto plan = plan_of(text);
            EXPECT_NE(plan.find(index), plan.npos) << text << '\n' << plan;
        }
        EXPECT_TRUE(found) << of;
    }
}

/// What this test would find, so that it does not pass because it reads plans wrongly.
TEST_F(PostgresqlPlans, AuditJFindsAScanAlsoOfAnIndex) {
    const auto is_refused = [this](const std::string& text) {
        const auto plan = plan_of(text);
        EXPECT_NE(plan, "") << text;
        return !fault_of(text, plan).empty();
    };
    EXPECT_TRUE(is_refused("SELECT count(*) FROM posts"));
    EXPECT_TRUE(is_refused("SELECT state, count(*) FROM connections GROUP BY state"));
    EXPECT_TRUE(is_refused("SELECT attempt FROM posts p WHERE p.settings = $1 ORDER BY attempt LIMIT 1"));
    EXPECT_TRUE(is_refused("UPDATE posts SET owner = $1 WHERE owner = $2"));
    EXPECT_FALSE(is_refused("SELECT attempt FROM posts WHERE attempt > $1 ORDER BY attempt LIMIT $2"));
    EXPECT_FALSE(is_refused("SELECT attempt FROM posts WHERE user_id = $1"));
    EXPECT_FALSE(is_refused("SELECT name FROM meta"));
}

} // namespace
} // namespace gateway::testing
