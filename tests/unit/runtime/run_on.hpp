// Runs one coroutine on a worker's loop, in the test's thread, and gives its result. Fails the test instead
// of hanging.
#pragma once
#include "runtime/worker.hpp"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gateway::testing {

inline deadline soon() {
    return deadline::in(steady_now(), milliseconds{10'000});
}
inline deadline in(int wait_ms) {
    return deadline::in(steady_now(), milliseconds{wait_ms});
}

/// Runs the loop until `done` is true; throws after 20 s.
template <class Condition>
void turn_until(worker& w, Condition done) {
    const auto end = in(20'000);
    while (!done()) {
        if (end.passed(steady_now())) throw std::runtime_error("the coroutine did not end");
        w.loop().restart();
        w.loop().run_one_for(milliseconds{20});
    }
}

template <class T>
T run_on(worker& w, task<T> work) {
    std::exception_ptr thrown;
    std::optional<T> value;
    bool ended = false;
    boost::asio::co_spawn(w.loop(), std::move(work), [&](std::exception_ptr e, T v) {
        thrown = e;
        value.emplace(std::move(v));
        ended = true;
    });
    turn_until(w, [&] { return ended; });
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
}

inline void run_on(worker& w, task<void> work) {
    std::exception_ptr thrown;
    bool ended = false;
    boost::asio::co_spawn(w.loop(), std::move(work), [&](std::exception_ptr e) {
        thrown = e;
        ended = true;
    });
    turn_until(w, [&] { return ended; });
    if (thrown) std::rethrow_exception(thrown);
}

} // namespace gateway::testing
