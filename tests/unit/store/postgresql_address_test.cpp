#include "runtime/blocking.hpp"
#include "store/postgresql/address.hpp"
#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

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

} // namespace gateway::testing
