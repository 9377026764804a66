#include "runtime/blocking.hpp"
#include "store/postgresql/address.hpp"
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace gateway::testing {
namespace {

store::postgresql_address resolved(const std::string& url) {
    auto read = store::read_postgresql_url(url);
    if (!read) return {};
    worker home;
    blocking_pool names(1, 1);
    auto found = run_on(home, store::resolve_hosts(*read, names));
    return found ? *found : store::postgresql_address{};
}

/// The keywords that are parallel lists, as libpq gets them.
std::string lists_of(const std::string& url) {
    auto of = resolved(url);
    return of["host"] + " | " + of["hostaddr"] + " | " + of["port"];
}

} // namespace

TEST(PostgresqlAddress, KeepsThePlacesOfHostsAddressesAndPorts) {
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1/x"), "127.0.0.1 | 127.0.0.1 | ");
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1:5433/x"), "127.0.0.1 | 127.0.0.1 | 5433");
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1,127.0.0.2/x"),
              "127.0.0.1,127.0.0.2 | 127.0.0.1,127.0.0.2 | ,");
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1:5432,127.0.0.2:5433/x"),
              "127.0.0.1,127.0.0.2 | 127.0.0.1,127.0.0.2 | 5432,5433");
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1,127.0.0.2/x?port=5433"),
              "127.0.0.1,127.0.0.2 | 127.0.0.1,127.0.0.2 | 5433,5433");
}

TEST(PostgresqlAddress, KeepsPlacesThatAreEmptyWhereverTheyStand) {
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1,127.0.0.2:5433/x"),
              "127.0.0.1,127.0.0.2 | 127.0.0.1,127.0.0.2 | ,5433");
    EXPECT_EQ(lists_of("postgresql://gw@127.0.0.1,127.0.0.2:5433,127.0.0.3/x"),
              "127.0.0.1,127.0.0.2,127.0.0.3 | 127.0.0.1,127.0.0.2,127.0.0.3 | ,5433,");
    EXPECT_EQ(lists_of("postgresql://gw@%2Frun%2Fpostgresql,127.0.0.2:5433/x"),
              "/run/postgresql,127.0.0.2 | ,127.0.0.2 | ,5433");
}

TEST(PostgresqlAddress, LeavesSocketsAndAddressesThatAreGivenAsTheyAre) {
    EXPECT_EQ(lists_of("postgresql://gw@%2Frun%2Fpostgresql/x"), "/run/postgresql |  | ");
    EXPECT_EQ(lists_of("postgresql://gw@db.example/x?hostaddr=127.0.0.9"), "db.example | 127.0.0.9 | ");
}

TEST(PostgresqlAddress, LetsTheUrlOverrideWhatIsOurs) {
    auto ours = resolved("postgresql://gw@127.0.0.1/x");
    EXPECT_EQ(ours["target_session_attrs"], "read-write");
    EXPECT_EQ(ours["client_encoding"], "UTF8");
    auto theirs = resolved("postgresql://gw@127.0.0.1/x?target_session_attrs=any");
    EXPECT_EQ(theirs["target_session_attrs"], "any");
    EXPECT_FALSE(store::read_postgresql_url("postgresql://gw@127.0.0.1/x?no_such_word=1"));
}

/// What libpq is told of TLS.
std::string mode_of(const std::string& url) {
    auto read = store::read_postgresql_url(url);
    return read ? (*read)["sslmode"] : "no URL";
}

TEST(PostgresqlAddress, V16AuditTChecksTheServersNameUnlessTheUrlSaysLessOrTheServerIsOnThisHost) {
    for (const char* elsewhere : {"db.example", "10.0.0.7", "[2001:db8::1]", "127.0.0.1,db.example",
                                  "localhost.example", "%2Frun%2Fpostgresql,db.example"})
        EXPECT_EQ(mode_of("postgresql://gw@" + std::string(elsewhere) + "/x"), "verify-full") << elsewhere;
    EXPECT_EQ(mode_of("postgresql://gw@localhost/x?hostaddr=10.0.0.7"), "verify-full")
        << "the address is used";
    EXPECT_EQ(mode_of("postgresql://gw@/x?service=elsewhere"), "verify-full");
    for (const char* here : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]",
                             "%2Frun%2Fpostgresql", "127.0.0.1,localhost"})
        EXPECT_EQ(mode_of("postgresql://gw@" + std::string(here) + "/x"), "") << here;
    EXPECT_EQ(mode_of("postgresql:///x"), "") << "the socket of this host";
    for (const char* less : {"disable", "allow", "prefer", "require", "verify-ca"})
        EXPECT_EQ(mode_of("postgresql://gw@db.example/x?sslmode=" + std::string(less)), less);
}

TEST(PostgresqlAddress, V16AuditTAHostOfTheEnvironmentCountsLikeOneOfTheUrl) {
    ASSERT_EQ(setenv("PGHOST", "db.example", 1), 0);
    ASSERT_EQ(setenv("PGSSLMODE", "disable", 1), 0);
    EXPECT_EQ(mode_of("postgresql:///x"), "verify-full");
    EXPECT_EQ(mode_of("postgresql://gw@db.example/x"), "verify-full") << "the URL says nothing of less";
    EXPECT_EQ(mode_of("postgresql://gw@127.0.0.1/x"), "");
    unsetenv("PGHOST");
    unsetenv("PGSSLMODE");
}

/// libpq connects to it, whatever the host is called.
TEST(PostgresqlAddress, V16AuditTAnAddressOfTheEnvironmentCountsAlsoBesideAHostOfTheUrl) {
    ASSERT_EQ(setenv("PGHOSTADDR", "10.0.0.7", 1), 0);
    for (const char* here : {"", "localhost", "127.0.0.1", "%2Frun%2Fpostgresql"})
        EXPECT_EQ(mode_of("postgresql://gw@" + std::string(here) + "/x"), "verify-full") << here;
    EXPECT_EQ(lists_of("postgresql://gw@%2Frun%2Fpostgresql/x"), "/run/postgresql | 10.0.0.7 | ");
    EXPECT_EQ(mode_of("postgresql://gw@localhost/x?hostaddr=127.0.0.1"), "") << "the URL's own wins";
    EXPECT_NE(store::remark_on_url("postgresql://gw@localhost/x?sslmode=disable"), "");
    unsetenv("PGHOSTADDR");
}

TEST(PostgresqlAddress, V16AuditTAServiceFileMayNameAnyAddressAlsoBesideAHost) {
    EXPECT_EQ(mode_of("postgresql://gw@%2Frun%2Fpostgresql/x?service=elsewhere"), "verify-full");
    EXPECT_EQ(mode_of("postgresql://gw@localhost/x?service=elsewhere&hostaddr=127.0.0.1"), "");
}

TEST(PostgresqlAddress, V16AuditTSaysWhatIsLess) {
    const auto remark = [](const std::string& rest) {
        return store::remark_on_url("postgresql://gw:planted@db.example/x" + rest);
    };
    EXPECT_EQ(remark("?sslrootcert=ca.pem"), "");
    EXPECT_EQ(remark("?sslmode=verify-full&sslrootcert=ca.pem"), "");
    EXPECT_THAT(remark("?sslmode=verify-ca"), ::testing::HasSubstr("name is not checked"));
    EXPECT_THAT(remark("?sslmode=require"), ::testing::HasSubstr("certificate is not checked"));
    for (const char* mode : {"disable", "allow", "prefer"})
        EXPECT_THAT(remark("?sslmode=" + std::string(mode)), ::testing::HasSubstr("without TLS")) << mode;
    EXPECT_EQ(remark("?sslmode=require").find("planted"), std::string::npos);
    EXPECT_EQ(store::remark_on_url("postgresql://gw@127.0.0.1/x?sslmode=disable"), "");
    EXPECT_EQ(store::remark_on_url("sqlite:x"), "");
}

TEST(PostgresqlAddress, HourKAnAuthorityIsSoughtWhereLibpqDoes) {
    const auto remark = [](const std::string& rest) {
        return store::remark_on_url("postgresql://gw:planted@db.example/x" + rest);
    };
    const temporary_folder home;
    const char* const before = getenv("HOME");
    const std::string kept = before ? before : "";
    ASSERT_EQ(setenv("HOME", home.file("").c_str(), 1), 0);
    EXPECT_THAT(remark(""), ::testing::HasSubstr("known authority, and there is none"));
    EXPECT_EQ(remark("?service=elsewhere"), "");
    std::filesystem::create_directory(home.file(".postgresql"));
    home.write(".postgresql/root.crt", "an authority");
    EXPECT_EQ(remark(""), "");
    if (before)
        setenv("HOME", kept.c_str(), 1);
    else
        unsetenv("HOME");
}

TEST(PostgresqlAddress, HourKASslmodeThatDoesNotExistIsRefused) {
    EXPECT_EQ(
        store::describe_wrong_url("postgresql://gw:planted@db.example/x?sslmode=yes"),
        "says sslmode=yes, and must say one of disable, allow, prefer, require, verify-ca, verify-full");
    EXPECT_EQ(store::describe_wrong_url("postgresql://gw@db.example/x?sslmode=require"), "");
    EXPECT_EQ(store::describe_wrong_url("postgresql://gw@127.0.0.1/x"), "");
}

} // namespace gateway::testing
