// Runs one coroutine to its end before the workers' threads exist: for steps of the start that need the loop.
#pragma once
#include "runtime/task.hpp"
#include "runtime/worker.hpp"

#include <optional>
#include <utility>

namespace gateway::app {

namespace detail {
template <class T>
task<void> keep_result(task<T> step, std::optional<T>& into) {
    T got = co_await std::move(step);
    into.emplace(std::move(got));
}
} // namespace detail

/// Runs on the calling thread, which must be the only one that uses `home`. Rethrows exceptions of the step.
template <class T>
T await_on(worker& home, task<T> step) {
    std::optional<T> got;
    home.group().spawn(detail::keep_result(std::move(step), got));
    while (!got && !home.group().first_fault()) {
        // The loop stopped without running a handler, because the work of an earlier step ended late.
        if (home.loop().run_one() == 0) home.loop().restart();
    }
    if (const auto fault = home.group().first_fault()) std::rethrow_exception(fault);
    home.loop().restart();
    return std::move(*got);
}

} // namespace gateway::app
