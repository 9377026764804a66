#include "limits/address_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace gateway::limits {
namespace {

using std::string_view_literals::operator""sv;

constexpr steady_time start{std::chrono::hours{1}};
steady_time at(int ms) {
    return start + milliseconds{ms};
}

TEST(AddressLimiter, FaultABSoManyAMinutePassAndThenTheWaitIsTold) {
    address_limiter limiter(3, 1);
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(limiter.count(7, at(i * 1000))) << i;
    EXPECT_EQ(limiter.count(7, at(10'000)), milliseconds{50'000});
    EXPECT_EQ(limiter.count(7, at(59'999)), milliseconds{1});
    EXPECT_FALSE(limiter.count(7, at(60'000))) << "a new minute";
}

TEST(AddressLimiter, FaultABAddressesDoNotCountForEachOther) {
    address_limiter limiter(1, 1);
    EXPECT_FALSE(limiter.count(7, at(0)));
    EXPECT_TRUE(limiter.count(7, at(1)));
    EXPECT_FALSE(limiter.count(8, at(2)));
}

struct spelling {
    const char* what;
    std::string_view one, other;
    bool same;
};

TEST(AddressLimiter, FaultABWhatCountsAsOneAddress) {
    const spelling table[] = {
        {"two of IPv4", "\x0a\0\0\x01"sv, "\x0a\0\0\x02"sv, false},
        {"IPv4, and mapped into IPv6", "\x0a\0\0\x01"sv, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01"sv, true},
        {"two mapped ones", "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x02"sv,
         "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01"sv, false},
        {"one network of IPv6", "\x20\x01\x0d\xb8\0\1\0\1\0\0\0\0\0\0\0\1"sv,
         "\x20\x01\x0d\xb8\0\1\0\1\xff\xff\xff\xff\0\0\0\2"sv, true},
        {"two networks of IPv6", "\x20\x01\x0d\xb8\0\1\0\1\0\0\0\0\0\0\0\1"sv,
         "\x20\x01\x0d\xb8\0\1\0\2\0\0\0\0\0\0\0\1"sv, false},
        {"loopback of both", "\x7f\0\0\1"sv, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"sv, false},
        {"what is no address", ""sv, "\x01\x02\x03"sv, true},
    };
    for (const auto& [what, one, other, same] : table)
        EXPECT_EQ(network_of(one) == network_of(other), same) << what;
}

TEST(AddressLimiter, FaultABAHeavyAddressStaysCountedWhileOthersComeByTheThousand) {
    address_limiter limiter(60, 42);
    const std::uint64_t heavy = network_of("\xc6\x33\x64\x07"sv);
    for (int i = 0; i < 60; ++i)
        limiter.count(heavy, at(0));
    for (std::uint64_t other = 1; other <= 20 * address_limiter::addresses_max; ++other) {
        EXPECT_FALSE(limiter.count(other, at(1))) << "a newcomer is never refused";
        if (other % 10'000 == 0) {
            EXPECT_TRUE(limiter.count(heavy, at(2)));
        }
    }
    EXPECT_TRUE(limiter.count(heavy, at(59'999)));
}

/// Compares it with an exact count, while the table has room for all.
TEST(AddressLimiter, FaultABPropertyItSaysWhatAPlainCountSays) {
    struct plain {
        steady_time began;
        std::uint32_t count = 0;
    };
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 dice(seed);
        const std::uint32_t limit = 1 + seed % 7;
        address_limiter limiter(limit, seed);
        std::map<std::uint64_t, plain> model;
        steady_time now = start;
        for (int i = 0; i < 5'000; ++i) {
            now += milliseconds{dice() % 400};
            const std::uint64_t network = dice() % 100;
            auto& one = model[network];
            if (one.count == 0 || now - one.began >= address_limiter::minute) one = {now, 0};
            const bool passes = one.count < limit;
            if (passes) ++one.count;
            const auto wait = limiter.count(network, now);
            ASSERT_EQ(!wait, passes) << "seed " << seed << ", step " << i;
            if (wait) {
                ASSERT_EQ(*wait, std::chrono::duration_cast<milliseconds>(one.began + address_limiter::minute
                                                                          - now));
            }
        }
    }
}

TEST(AddressLimiter, FaultABAChangedLimitHoldsAtOnce) {
    address_limiter limiter(1, 1);
    limiter.count(7, at(0));
    EXPECT_TRUE(limiter.count(7, at(1)));
    limiter.change_limit(2);
    EXPECT_FALSE(limiter.count(7, at(2)));
    EXPECT_TRUE(limiter.count(7, at(3)));
}

TEST(AddressLimiter, FaultABWorkersTogetherLetNoMorePass) {
    address_limiter limiter(1'000, 1);
    std::atomic<int> passed{0};
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([&] {
            for (int call = 0; call < 1'000; ++call)
                if (!limiter.count(7, at(0))) ++passed;
        });
    for (auto& one : workers)
        one.join();
    EXPECT_EQ(passed.load(), 1'000);
}

} // namespace
} // namespace gateway::limits
