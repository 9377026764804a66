#include "runtime/waiter.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace gateway {
namespace {

/// The longest delay until a waiter notices that its deadline was shortened.
constexpr milliseconds look_again{250};

} // namespace

task<bool> waiter::wait() {
    for (auto now = steady_now(); !woken_ && !until_.passed(now); now = steady_now()) {
        timer_.expires_at(until_.may_be_cut() ? std::min(until_.at(), now + look_again) : until_.at());
        const auto [ec] = co_await timer_.async_wait(no_throw);
        // Not woken and not expired: the coroutine is being cancelled.
        if (!woken_ && ec) throw boost::system::system_error(ec);
    }
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
