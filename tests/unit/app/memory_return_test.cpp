// When memory is given back to the system.
#include "app/memory_return.hpp"

#include <gtest/gtest.h>

namespace gateway::app {
namespace {

constexpr std::size_t mib = 1024 * 1024;

class MemoryReturn : public ::testing::Test {
protected:
    bool is_due(std::uint32_t open) { return policy.is_due(open, now); }

    memory_return_policy policy;
    steady_time now = steady_now();
};

TEST_F(MemoryReturn, C21AuditXManyHaveToBeGoneAndNoneIsGoing) {
    EXPECT_FALSE(is_due(1'000));
    EXPECT_FALSE(is_due(400)) << "others are going, too";
    EXPECT_TRUE(is_due(400));
    policy.tried(now);
    now += memory_return_policy::every;
    EXPECT_FALSE(is_due(400)) << "nothing has changed";
    EXPECT_FALSE(is_due(390));
    EXPECT_TRUE(is_due(390)) << "the rest of those that were going";
    policy.tried(now);
    now += memory_return_policy::every;
    EXPECT_FALSE(is_due(390));
}

TEST_F(MemoryReturn, AuditXClientsWhoComeAndGoAskForItOnceAMinute) {
    int tries = 0;
    for (int second = 0; second < 300; ++second) {
        if (is_due(second % 3 == 0 ? 1'000 : 0)) {
            ++tries;
            policy.tried(now);
        }
        now += seconds{1};
    }
    EXPECT_EQ(tries, 5);
}

TEST_F(MemoryReturn, AuditXWhatIsUsedOrLittleDoesNotPay) {
    EXPECT_FALSE(memory_return_policy::pays(400 * mib, 399 * mib));
    EXPECT_FALSE(memory_return_policy::pays(10 * mib, 20 * mib)) << "not all that is used was touched";
    EXPECT_TRUE(memory_return_policy::pays(60 * mib, 30 * mib));
}

} // namespace
} // namespace gateway::app
