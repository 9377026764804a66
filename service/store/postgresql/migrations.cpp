#include "store/postgresql/migrations.hpp"

#include "store/postgresql/connection.hpp"
#include "store/schema.hpp"

namespace gateway::store {
namespace {

// Tables of this engine only: one row about the schema, and one for each running process.
constexpr const char* own_tables = R"sql(
CREATE TABLE store_schema (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    version BIGINT NOT NULL,
    oldest_reader BIGINT NOT NULL
);
INSERT INTO store_schema VALUES (1, 0, 0);
CREATE TABLE store_instances (
    owner TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    alive_until BIGINT NOT NULL
);
)sql";

/// What this engine adds to a step of store/schema.cpp.
std::string own_part_of(std::int64_t step) {
    if (step == 1) return own_tables;
    if (step == 3) return "ALTER TABLE store_instances ADD COLUMN is_replica BIGINT NOT NULL DEFAULT 0;";
    // The same clock for all replicas; it advances within a transaction.
    if (step == 5)
        return "CREATE FUNCTION now_ms() RETURNS BIGINT LANGUAGE sql AS "
               "'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';";
    return {};
}

struct found_schema {
    std::int64_t version = 0;
    std::int64_t oldest_reader = 0;
    bool exists = false;
    bool text_is_utf8 = false;
    std::string elsewhere; // a schema with a store, which this connection used before store.schema was there
};

/// `reset_val`: the search path that the URL, the role or the database has set; ours came after it.
constexpr char look_sql[] =
    "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = $1), "
    "(SELECT count(*) FROM pg_database WHERE datname = current_database() "
    "AND pg_encoding_to_char(encoding) = 'UTF8'), "
    "(SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'store_schema'), "
    "coalesce((SELECT min(CAST(schemaname AS TEXT)) FROM pg_tables, pg_settings "
    "WHERE tablename = 'store_schema' AND schemaname <> $1 AND name = 'search_path' "
    "AND CAST(schemaname AS TEXT) = ANY (string_to_array(translate(reset_val, '\" ', ''), ','))), '')";

task<found_schema> look(postgresql_connection& at, std::string schema) {
    found_schema out;
    const statement ask_for_tables(look_sql, schema);
    auto there = co_await at.run(ask_for_tables);
    bool has_tables = false;
    there.next(out.exists, out.text_is_utf8, has_tables, out.elsewhere);
    if (!has_tables) co_return out;
    out.elsewhere.clear();
    const statement ask{"SELECT version, oldest_reader FROM store_schema"};
    auto row = co_await at.run(ask);
    row.next(out.version, out.oldest_reader);
    co_return out;
}

std::string refusal(const found_schema& found, const std::string& schema) {
    if (!found.text_is_utf8) return "The database must have the encoding UTF8. Nothing was touched.";
    if (!found.elsewhere.empty())
        return "The database holds a store in the schema " + found.elsewhere + ", and store.schema is "
               + schema
               + ", which holds none. Move its tables (docs/operations.md §3), or set store.schema to "
               + found.elsewhere + ". Nothing was touched.";
    if (found.version <= schema_version() || found.oldest_reader <= schema_version()) return {};
    return "The store has schema " + std::to_string(found.version)
           + ", which only programs can read that know schema " + std::to_string(found.oldest_reader)
           + "; this one knows " + std::to_string(schema_version())
           + ". Run the newer program. Nothing was touched.";
}

} // namespace

task<std::string> migrate_postgresql(postgresql_connection& at, std::string schema) {
    const auto found = co_await look(at, schema);
    if (at.failed()) co_return std::string{};
    auto refused = refusal(found, schema);
    if (!refused.empty() || found.version >= schema_version()) co_return refused;
    if (!found.exists) {
        std::string make = "CREATE SCHEMA \"" + schema + "\"";
        co_await at.execute(std::move(make));
    }
    for (auto version = found.version; version < schema_version(); ++version) {
        auto step =
            for_postgresql(schema_steps()[static_cast<std::size_t>(version)]) + own_part_of(version + 1);
        co_await at.execute(std::move(step));
    }
    statement note{"UPDATE store_schema SET version = $1, oldest_reader = $2", schema_version(),
                   oldest_reader};
    co_await at.run(note);
    co_return std::string{};
}

} // namespace gateway::store
