#include "runtime/waiter.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace gateway {

task<bool> waiter::wait() {
    if (woken_) co_return true;
    const auto [ec] = co_await timer_.async_wait(no_throw);
    // Not woken and not expired: the coroutine is being cancelled.
    if (!woken_ && ec) throw boost::system::system_error(ec);
    co_return woken_;
}

void waiter::wake() {
    if (woken_) return;
    woken_ = true;
    timer_.cancel();
}

task<void> pause_until(deadline until) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    waiter pause(home, until);
    co_await pause.wait();
}

} // namespace gateway
