// Callers as the parties between whom what they share is divided (base/clock.hpp).
#include "pipeline/admission.hpp"
#include "pipeline/caller_book.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gateway::testing {
namespace {

using pipeline::caller_book;

std::string key_of(const std::string& name) {
    return "a key that is long enough, of " + name + ".";
}

settings::caller caller_called(const std::string& name) {
    settings::caller out;
    out.name = name;
    out.key_sha256 = to_hex(sha256(key_of(name)));
    return out;
}

class CallerParties : public ::testing::Test {
protected:
    shutdown_cutoff calls_end;
    pipeline::caller_parties parties{calls_end};
};

TEST_F(CallerParties, L09SeveralCallersAreAPartyEachAlsoThoseWithoutAKeyAndTheSameAfterASighup) {
    const caller_book book({caller_called("a"), caller_called("b")}, &parties);
    const auto* const a = book.find(key_of("a"))->party;
    const auto* const b = book.find(key_of("b"))->party;
    ASSERT_TRUE(a && b && book.anonymous().party);
    EXPECT_NE(a->who(), b->who());
    EXPECT_NE(a->who(), book.anonymous().party->who());
    EXPECT_NE(a->who(), sharer::gateway);
    const caller_book next({caller_called("c"), caller_called("b"), caller_called("a")}, &parties);
    EXPECT_EQ(next.find(key_of("a"))->party, a);
    EXPECT_EQ(next.find(key_of("b"))->party, b);
    EXPECT_EQ(next.anonymous().party, book.anonymous().party);
}

TEST_F(CallerParties, L09ASoleCallerSharesWithNobody) {
    const caller_book book({caller_called("a")}, &parties);
    EXPECT_EQ(book.find(key_of("a"))->party, nullptr);
    const caller_book open(std::vector<settings::caller>{}, &parties);
    EXPECT_EQ(open.anonymous().party, nullptr);
}

TEST_F(CallerParties, L09ADeadlineSaysWhoWaitsAndEndsWithTheDrain) {
    const auto now = steady_now();
    const auto until = deadline::in(now, seconds{10}).of_party(parties.of("a"));
    EXPECT_EQ(until.by(), parties.of("a").who());
    EXPECT_EQ(until.no_later_than(now + seconds{1}).by(), until.by());
    EXPECT_EQ(deadline{now}.by(), sharer::gateway);
    EXPECT_EQ(until.at(), now + seconds{10});
    calls_end.set(now + seconds{2});
    EXPECT_EQ(until.at(), now + seconds{2});
}

} // namespace
} // namespace gateway::testing
