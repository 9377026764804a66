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

/// On the calling thread, which must be the only one that touches `home`. Throws what the step threw.
template <class T>
T await_on(worker& home, task<T> step) {
    std::optional<T> got;
    home.group().spawn(detail::keep_result(std::move(step), got));
    while (!got && !home.group().first_fault()) {
        // Stopped without having run anything: the end of an earlier step's work came late.
        if (home.loop().run_one() == 0) home.loop().restart();
    }
    if (const auto fault = home.group().first_fault()) std::rethrow_exception(fault);
    home.loop().restart();
    return std::move(*got);
}

} // namespace gateway::app
