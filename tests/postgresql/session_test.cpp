// What a session with PostgreSQL brings besides answers.
#include "postgresql/shared_server.hpp"

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

} // namespace
} // namespace gateway::testing
