// The one coroutine type of the service: Asio's awaitable with three changes. Its executor is concrete (not
// any_io_executor): a type-erased executor costs a quarter of a request in layered code, and changing it
// later would touch every signature. Its frames come from the worker's worker_memory. And it marks where an
// allocation may fail: in the bodies of coroutines, not between them (base/memory/memory_reserve.hpp).
#pragma once
#include "base/memory/memory_reserve.hpp"
#include "base/memory/worker_memory.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <utility>

namespace gateway {

using executor_type = boost::asio::io_context::executor_type;

namespace detail {
template <class T>
class task_promise;
}

/// Can be used wherever an asio::awaitable<T, executor_type> can: co_spawn accepts it, co_await gives its T.
template <class T>
class [[nodiscard]] task : public boost::asio::awaitable<T, executor_type> {
    using base = boost::asio::awaitable<T, executor_type>;

public:
    using promise_type = detail::task_promise<T>;

    task() = default;
    explicit task(base&& of) noexcept : base(std::move(of)) {}

    template <class U>
    void await_suspend(std::coroutine_handle<detail::task_promise<U>> caller) {
        memory_reserve::leave_body();
        using frame = boost::asio::detail::awaitable_frame<U, executor_type>;
        base::await_suspend(std::coroutine_handle<frame>::from_promise(caller.promise()));
    }
    T await_resume() {
        memory_reserve::enter_body();
        return base::await_resume();
    }
};

namespace detail {

/// Asio's promise with three changes: where frames are allocated, that awaited tasks are awaited by this
/// type, and the marks of the body's begin and end. Tested with Boost 1.81; uses a part of Asio that is not
/// documented.
template <class T>
class task_promise final : public boost::asio::detail::awaitable_frame<T, executor_type> {
    using base = boost::asio::detail::awaitable_frame<T, executor_type>;

public:
    static void* operator new(std::size_t bytes) { return worker_memory::take(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        worker_memory::give(memory, bytes);
    }

    auto initial_suspend() noexcept {
        struct begin {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<>) const noexcept {}
            void await_resume() const noexcept { memory_reserve::enter_body(); }
        };
        return begin{};
    }
    auto final_suspend() noexcept {
        memory_reserve::leave_body();
        return base::final_suspend();
    }

    task<T> get_return_object() { return task<T>(base::get_return_object()); }

    using base::await_transform;
    template <class U>
    task<U> await_transform(task<U> child) {
        return task<U>(base::await_transform(boost::asio::awaitable<U, executor_type>(std::move(child))));
    }
    /// For the types that Asio's own coroutines return.
    template <class U>
    task<U> await_transform(boost::asio::awaitable<U, executor_type> child) {
        return task<U>(base::await_transform(std::move(child)));
    }
    /// Operations in a row that are awaited as one (stream_steps.hpp), and may have their result at once.
    template <class Steps>
    requires requires(Steps& one) {
        { one.more() } -> std::same_as<bool>;
    }
    auto await_transform(Steps& one) {
        struct awaiter {
            bool await_ready() { return !steps.more(); }
            void await_suspend(std::coroutine_handle<> waiting) {
                memory_reserve::leave_body();
                operation.await_suspend(waiting);
            }
            auto await_resume() {
                memory_reserve::enter_body();
                return steps.result();
            }

            Steps& steps;
            decltype(std::declval<base&>().await_transform(std::declval<Steps>())) operation;
        };
        return awaiter{one, base::await_transform(std::move(one))};
    }
};

} // namespace detail

/// co_await socket.async_xxx(..., use_task) throws; with no_throw it gives a tuple that begins with the error
/// code.
inline constexpr boost::asio::use_awaitable_t<executor_type> use_task{};
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<executor_type>> no_throw{};

} // namespace gateway
