// Runs one coroutine to its end on the calling thread, for the start and the end of a store, where no loop
// runs.
#pragma once
#include "runtime/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <utility>

namespace gateway::store {

/// Rethrows exceptions of the coroutine.
template <class T>
T wait_for(task<T> step) {
    boost::asio::io_context loop{1};
    auto got = boost::asio::co_spawn(loop, std::move(step), boost::asio::use_future);
    loop.run();
    return got.get();
}

} // namespace gateway::store
