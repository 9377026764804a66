// One allocation fails, each in turn, while another replica reports a closed window.
#include "base/memory/memory_reserve.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/windows/closed_windows.hpp"

#include <new>
#include <string>

namespace gateway::testing {
namespace {

TEST_F(ClosedWindows, P07AuditSAuditMAReportIsNotedWhicheverAllocationFails) {
    memory_reserve::set_up();
    failing_allocations memory;
    bool over = false;
    for (int n = 1; !over && n < 100; ++n) {
        const auto key = "user" + std::to_string(n);
        use(key);
        memory.fail_nth(n);
        EXPECT_NO_THROW(report_closed(key)) << n;
        over = memory.stop();
        turn_until(home, [&] { return is_closed(key); });
        memory_reserve::refill();
    }
    EXPECT_TRUE(over);
    EXPECT_GT(memory.failed(), 1);
    EXPECT_EQ(memory.thrown(), 0);
    std::set_new_handler(nullptr);
}

} // namespace
} // namespace gateway::testing
