// The one coroutine type of the service. Its executor is concrete (not any_io_executor): a type-erased
// executor costs a quarter of a request in layered code, and changing it later would touch every signature.
#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gateway {

using executor_type = boost::asio::io_context::executor_type;

template <class T>
using task = boost::asio::awaitable<T, executor_type>;

/// co_await socket.async_xxx(..., use_task) throws; with no_throw it gives a tuple that begins with the error
/// code.
inline constexpr boost::asio::use_awaitable_t<executor_type> use_task{};
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<executor_type>> no_throw{};

} // namespace gateway
