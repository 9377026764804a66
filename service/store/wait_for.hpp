// Runs one coroutine to its end on the calling thread, for the start and the end of a store, where no loop
// runs.
#pragma once
#include "runtime/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace gateway::store {

/// Throws std::bad_optional_access when the coroutine threw.
template <class T>
T wait_for(task<T> step) {
    boost::asio::io_context loop{1};
    std::optional<T> got;
    boost::asio::co_spawn(loop, std::move(step), [&got](const std::exception_ptr& fault, T out) {
        if (!fault) got.emplace(std::move(out));
    });
    loop.run();
    return std::move(got.value());
}

} // namespace gateway::store
