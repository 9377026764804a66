#include "runtime/keep_running.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace gateway {
namespace {

bool is_cancellation(const std::exception_ptr& fault) {
    try {
        std::rethrow_exception(fault);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

auto expiry_of(steady_timer& timer) {
    const memory_reserve::scope no_failure;
    return timer.async_wait(no_throw);
}

task<void> rest(milliseconds pause) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    steady_timer timer(home);
    timer.expires_after(pause);
    auto expiry = expiry_of(timer);
    const auto [ec] = co_await std::move(expiry);
    if (ec) throw boost::system::system_error(ec);
}

/// A pause that no lack of memory prevents, as pause_until() could be: without it keep_running() would turn
/// without an end, and stop its loop.
task<void> rest_for(milliseconds pause) {
    const memory_reserve::scope no_failure;
    return rest(pause);
}

} // namespace

task<void> keep_running(std::function<task<void>()> start,
                        std::function<void(const std::exception_ptr&)> note_fault, milliseconds pause) {
    for (bool failed = false;; failed = true) {
        try {
            if (failed) co_await rest_for(pause);
            co_await start();
            co_return;
        } catch (...) {
            if (is_cancellation(std::current_exception())) throw;
            const memory_reserve::scope no_failure;
            note_fault(std::current_exception());
        }
    }
}

} // namespace gateway
