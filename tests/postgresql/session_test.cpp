// What a session with PostgreSQL brings besides answers.
#include "postgresql/shared_server.hpp"
#include "store/queries.hpp"

#include <gmock/gmock.h>

namespace gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Standard output holds the log, a line of JSON each, and standard error only what ends the process.
TEST(Session, ANoticeOfTheServerIsWrittenNowhere) {
    harness::postgresql_server server;
    const auto url = server.url("gateway");
    server.run("gateway", "UPDATE pg_database SET datcollversion = 'of an older library'");
    worker loop;
    ::testing::internal::CaptureStderr();
    server.run("gateway", "SELECT 1"); // a client that writes them
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("WARNING"));
    ::testing::internal::CaptureStderr();
    EXPECT_TRUE(run_on(loop, open_at(url)->on().beat(soon())));
    EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
}

class Sessions : public PostgresqlStore {
protected:
    result<std::uint64_t> number(store::store& at, const char* sql) {
        auto ask = [sql](store::transaction& in) -> task<std::uint64_t> {
            return store::number_of(in, store::statement::composed(sql));
        };
        return run_on(loop, store::run(at.on(), store::unit::reads(), soon(), std::move(ask)));
    }
};

TEST_F(Sessions, AnErrorOfOneStatementCostsNoConnection) {
    auto limits = few_connections();
    limits.connections = 1;
    const auto at = open(limits);
    constexpr const char* process = "SELECT CAST(pg_backend_pid() AS BIGINT)";
    const auto before = number(*at, process);
    ASSERT_TRUE(before) << before.error().message();
    EXPECT_FALSE(number(*at, "SELECT CAST(1 / 0 AS BIGINT)"));
    const auto after = number(*at, process);
    ASSERT_TRUE(after) << after.error().message();
    EXPECT_EQ(*after, *before);
}

} // namespace
} // namespace gateway::testing
