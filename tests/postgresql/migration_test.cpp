// The schema over versions of the program, and replicas that start at the same time.
#include "postgresql/shared_server.hpp"
#include "store/schema.hpp"

#include <thread>
#include <vector>

namespace gateway::testing {

TEST_F(PostgresqlStore, K07BringsASchemaOfTheFirstStepUpToDateWithItsRows) {
    sql("CREATE TABLE store_schema (only_row BIGINT PRIMARY KEY, version BIGINT, oldest_reader BIGINT);"
        "INSERT INTO store_schema VALUES (1, 1, 1);"
        "CREATE TABLE store_instances (owner TEXT COLLATE \"C\" PRIMARY KEY, alive_until BIGINT NOT NULL)");
    sql(store::for_postgresql(store::schema_steps()[0]));
    sql("INSERT INTO posts VALUES "
        "('01A','ann','shop','p','A','inbox_file','begun','','','{}','','','','[]',1,'',1,1)");
    const auto at = open();
    EXPECT_EQ(run(at->ledger.find_attempt("01A", soon()))->user.text(), "ann");
    EXPECT_EQ(run(at->ledger.abandoned(9, soon())).size(), 1U) << "nobody owns it";
    EXPECT_EQ(sql("SELECT version FROM store_schema"), std::to_string(store::schema_version()));
}

TEST_F(PostgresqlStore, V14RefusesASchemaThatItCannotReadAndTouchesNothing) {
    open().reset();
    sql("UPDATE store_schema SET version = 99, oldest_reader = 98");
    const auto refused = store::open_store(url, few_connections(), schema.name());
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("schema 99"), std::string::npos) << refused.error().message();
    EXPECT_EQ(sql("SELECT count(*) FROM store_instances"), "0");
}

TEST_F(PostgresqlStore, K07WorksOnANewerSchemaThatItCanRead) {
    open().reset();
    sql("UPDATE store_schema SET version = 99");
    sql("ALTER TABLE posts ADD COLUMN later TEXT NOT NULL DEFAULT ''");
    const auto at = open();
    store::post_record row;
    row.attempt = "01A";
    run(at->ledger.begin(row, soon()));
    EXPECT_TRUE(run(at->ledger.find_attempt("01A", soon())));
    EXPECT_EQ(sql("SELECT version FROM store_schema"), "99");
}

TEST_F(PostgresqlStore, K01MakesTheSchemaOnceWhenManyReplicasStartTogether) {
    std::vector<std::unique_ptr<store::store>> opened(6);
    {
        std::vector<std::jthread> starting;
        for (auto& one : opened)
            starting.emplace_back([this, &one] { one = open(); });
    }
    for (const auto& one : opened)
        EXPECT_TRUE(one);
    EXPECT_EQ(sql("SELECT count(*) FROM store_instances"), "6");
}

} // namespace gateway::testing
