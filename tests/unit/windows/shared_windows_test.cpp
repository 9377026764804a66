// What a replica does about windows that others have closed. Over a real database:
// tests/postgresql/windows_test.cpp.
#include "windows/shared_windows.hpp"

#include "unit/windows/closed_windows.hpp"

namespace gateway::testing {
namespace {

TEST_F(ClosedWindows, P07AuditSAuditMALookThatEndsWithAnExceptionIsTakenAgain) {
    use("ann");
    use("bob");
    on.throws = 1;
    report_closed("ann");
    turn_until(home, [&] { return home.faults() == 1; });
    EXPECT_FALSE(is_closed("ann"));
    report_closed("bob");
    turn_until(home, [&] { return is_closed("ann") && is_closed("bob"); });
    EXPECT_EQ(on.asked, 3);
}

} // namespace
} // namespace gateway::testing
