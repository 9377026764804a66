#include "runtime/worker.hpp"

#include "base/memory/memory_reserve.hpp"
#include "base/memory/worker_memory.hpp"

#include <boost/asio/executor_work_guard.hpp>

namespace gateway {
namespace {
constexpr milliseconds lag_period{250};
constexpr milliseconds cancel_again{50};
} // namespace

worker::worker(unsigned index, milliseconds sweep_tick)
    : index_(index),
      sweep_(loop_, sweep_tick),
      lag_timer_(loop_.get_executor()),
      group_(loop_.get_executor(), [this](const std::exception_ptr& fault) { note_fault(fault); }) {}

void worker::note_fault(const std::exception_ptr& fault) noexcept {
    faults_.fetch_add(1, std::memory_order_relaxed);
    const memory_reserve::scope no_failure;
    try {
        if (on_fault_) on_fault_(fault);
    } catch (...) { // it is counted
    }
}

void worker::measure_lag() {
    lag_timer_.expires_after(lag_period);
    lag_timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return; // the worker stops
        const auto late = steady_now() - lag_timer_.expiry();
        lag_.store(late, std::memory_order_relaxed);
        if (observer_) observer_(late);
        measure_lag();
    });
}

/// An exception of a handler leaves the loop whole.
void worker::run_loop() {
    try {
        loop_.run();
    } catch (...) {
        note_fault(std::current_exception());
    }
}

void worker::run() {
    const worker_memory kept;
    memory_reserve::leave_body(); // this thread enters the bodies of coroutines and leaves them
    measure_lag();
    const auto stay = boost::asio::make_work_guard(loop_);
    // The start has run work on this loop before. When the last of it ends, perhaps only now and on another
    // thread, it stops the loop, which has no guard yet; so run again.
    while (!stopping_.load()) {
        loop_.restart();
        if (!stopping_.load()) run_loop();
    }
    cut();
    lag_timer_.cancel(); // only now: its handler may have been queued as successful when the loop stopped
}

void worker::stop() {
    stopping_.store(true);
    loop_.stop();
}

void worker::cut() {
    loop_.restart();
    const auto until = deadline::in(steady_now(), cut_deadline);
    while (group_.size() > 0 && !until.passed(steady_now())) {
        group_.cancel(); // again: a child may have started another one meanwhile
        try {
            loop_.run_one_until(deadline::in(steady_now(), cancel_again).no_later_than(until).at());
        } catch (...) {
            note_fault(std::current_exception());
        }
    }
    loop_.poll(); // handlers that were only posted: ends of coroutines, wake-ups
}

} // namespace gateway
