// A failed allocation: thrown in the body of a coroutine, served from the reserve elsewhere.
#include "base/memory/memory_reserve.hpp"

#include "unit/base/failing_allocations.hpp"

#include <gtest/gtest.h>

#include <new>

namespace gateway {
namespace {

class MemoryReserve : public ::testing::Test {
protected:
    MemoryReserve() { memory_reserve::set_up(); }
    ~MemoryReserve() override { std::set_new_handler(nullptr); }
    /// Whether the next allocation throws, if it fails.
    bool throws() {
        fault_.fail_nth(1);
        try {
            ::operator delete(::operator new(100));
            return false;
        } catch (const std::bad_alloc&) {
            return true;
        }
    }

    testing::failing_allocations fault_;
};

TEST_F(MemoryReserve, P07AuditMServesWhatMustNotFailAndOnlyThat) {
    EXPECT_TRUE(throws());
    {
        const memory_reserve::scope no_failure;
        const auto before = memory_reserve::used();
        EXPECT_FALSE(throws());
        EXPECT_EQ(memory_reserve::used(), before + 1);
    }
    EXPECT_TRUE(throws());
    memory_reserve::leave_body();
    EXPECT_FALSE(throws());
    memory_reserve::enter_body();
    EXPECT_TRUE(throws());
    EXPECT_EQ(fault_.failed(), 5);
    EXPECT_EQ(fault_.thrown(), 3);
    // It ends, and is filled again.
    const memory_reserve::scope no_failure;
    memory_reserve::refill();
    int served = 0;
    while (served < 1'000 && !throws())
        ++served;
    EXPECT_EQ(served, 64);
    memory_reserve::refill();
    EXPECT_FALSE(throws());
}

} // namespace
} // namespace gateway
