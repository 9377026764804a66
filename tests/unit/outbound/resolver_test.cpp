// Names: cached answers, hanging lookups, and a shutdown that does not wait for them.
#include "outbound/resolver.hpp"

#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <latch>
#include <memory>
#include <thread>

namespace gateway::outbound {
namespace {

using gateway::testing::in;
using gateway::testing::run_on;
using gateway::testing::soon;
using gateway::testing::turn_until;

addresses one(const char* text) {
    return {boost::asio::ip::make_address(text)};
}

TEST(Resolver, U13AsksOnceForAllWhoWaitAndKeepsTheAnswer) {
    worker w;
    std::atomic<int> asked{0};
    resolver_options options;
    options.lookup = [&](const std::string&) -> result<addresses> {
        ++asked;
        return one("192.0.2.1");
    };
    resolver names(std::move(options));
    for (int i = 0; i < 5; ++i) {
        const auto got = run_on(w, names.resolve("open.tiktokapis.com", soon()));
        ASSERT_TRUE(got);
        EXPECT_EQ(one("192.0.2.1"), *got);
    }
    EXPECT_EQ(1, asked);
}

TEST(Resolver, U13ServesTheLastGoodAnswerWhileItAsksAgain) {
    worker w;
    std::atomic<int> asked{0};
    resolver_options options;
    options.refresh_after = milliseconds{0};
    options.lookup = [&](const std::string&) -> result<addresses> {
        if (++asked == 1) return one("192.0.2.1");
        if (asked == 2) return failure{errc::tiktok_unreachable, "SERVFAIL"};
        return one("192.0.2.2"); // the address has changed
    };
    resolver names(std::move(options));
    EXPECT_EQ(one("192.0.2.1"), *run_on(w, names.resolve("a.test", soon())));
    bool changed = false;
    turn_until(w, [&] {
        const auto got = run_on(w, names.resolve("a.test", soon()));
        EXPECT_TRUE(got); // a failing refresh does not fail the call
        changed = *got == one("192.0.2.2");
        return changed;
    });
    EXPECT_TRUE(changed);
}

TEST(Resolver, U13ForgetsAnAnswerThatIsTooOld) {
    worker w;
    std::atomic<int> asked{0};
    resolver_options options;
    options.keep_last_good = milliseconds{0};
    options.lookup = [&](const std::string&) -> result<addresses> {
        if (++asked == 1) return one("192.0.2.1");
        return failure{errc::tiktok_unreachable, "SERVFAIL"};
    };
    resolver names(std::move(options));
    EXPECT_TRUE(run_on(w, names.resolve("a.test", soon())));
    const auto later = run_on(w, names.resolve("a.test", soon()));
    ASSERT_FALSE(later);
    EXPECT_EQ(errc::tiktok_unreachable, later.error().code());
    // And it is not looked up again at once.
    EXPECT_FALSE(run_on(w, names.resolve("a.test", soon())));
    EXPECT_EQ(2, asked);
}

TEST(Resolver, U13ASlowNameDelaysNeitherOthersNorItsDeadlineNorTheShutdown) {
    worker w;
    const auto leave = std::make_shared<std::latch>(1);
    const auto left = std::make_shared<std::latch>(1);
    resolver_options options;
    options.threads = 2;
    options.lookup = [leave, left](const std::string& host) -> result<addresses> {
        if (host != "slow.test") return one("192.0.2.1");
        leave->wait();
        left->count_down();
        return one("192.0.2.9");
    };
    {
        resolver names(std::move(options));
        const auto late = run_on(w, names.resolve("slow.test", in(10)));
        ASSERT_FALSE(late);
        EXPECT_EQ(errc::deadline_exceeded, late.error().code());
        EXPECT_TRUE(run_on(w, names.resolve("fast.test", soon())));
    } // the lookup of slow.test still hangs
    leave->count_down();
    left->wait();
}

TEST(Resolver, ItsIdleThreadsEndWithIt) {
    const auto threads = [] {
        const std::filesystem::directory_iterator first("/proc/self/task"), none;
        return std::distance(first, none);
    };
    const auto before = threads();
    {
        resolver_options options;
        options.threads = 8;
        const resolver names(std::move(options));
        EXPECT_EQ(threads(), before + 8);
    }
    EXPECT_LE(threads(), before);
}

TEST(Resolver, TakesFixedNamesAndLiteralAddressesAsTheyAre) {
    worker w;
    resolver_options options;
    options.fixed = {{"open.tiktokapis.com", "127.0.0.1"}};
    options.lookup = [](const std::string&) -> result<addresses> {
        ADD_FAILURE() << "nobody should have asked";
        return addresses{};
    };
    resolver names(std::move(options));
    EXPECT_EQ(one("127.0.0.1"), *run_on(w, names.resolve("open.tiktokapis.com", soon())));
    EXPECT_EQ(one("192.0.2.7"), *run_on(w, names.resolve("192.0.2.7", soon())));
    resolver_options wrong;
    wrong.fixed = {{"a.test", "localhost"}};
    EXPECT_THROW(resolver{wrong}, std::runtime_error);
}

TEST(Resolver, BoundsTheNamesItKnows) {
    worker w;
    resolver_options options;
    options.names_max = 2;
    options.lookup = [](const std::string&) -> result<addresses> { return one("192.0.2.1"); };
    resolver names(std::move(options));
    for (const char* name : {"a.test", "b.test", "c.test", "a.test"})
        EXPECT_TRUE(run_on(w, names.resolve(name, soon())));
}

TEST(Resolver, AsksTheSystemByDefault) {
    worker w;
    resolver names{resolver_options()};
    const auto got = run_on(w, names.resolve("localhost", soon()));
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->front().is_loopback());
}

} // namespace
} // namespace gateway::outbound
