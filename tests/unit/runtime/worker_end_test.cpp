// The end of a worker while its timers are due: queued handlers must not outlive the objects they use.
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(WorkerEnd, P04AMeasurementThatIsInLineWhenTheLoopStopsIsHarmless) {
    worker home;
    int told = 0;
    home.observe_lag([&told](std::chrono::nanoseconds) { ++told; });
    // Blocks the loop until both timers are due, ours first: it stops the loop while the other's handler is
    // queued.
    steady_timer first(home.executor(), milliseconds{200});
    first.async_wait([&home](const boost::system::error_code&) { home.stop(); });
    const auto busy_until = steady_now() + milliseconds{600};
    boost::asio::post(home.executor(), [busy_until] {
        while (steady_now() < busy_until) {
        }
    });
    home.run();
    EXPECT_LE(told, 2);
}

} // namespace
} // namespace gateway
