// How the hot path waits for a socket: `co_await socket.async_read_some(buffer, straight)` gives the error
// code and the bytes, as no_throw does, and goes on in the very step of the loop that completed the
// operation. With no_throw, Asio makes a coroutine of each operation, keeps the loop's work counted for it
// and sends its end through the loop's executor (handler_work.hpp), since it does not know that the caller
// lives on the socket's own loop; that is 600 instructions and two locked additions for each operation. Only
// for sockets of the coroutine's own loop.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "runtime/task.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gateway {

struct straight_t {};
inline constexpr straight_t straight{};

struct transferred {
    boost::system::error_code ec;
    std::size_t bytes = 0;
};

namespace detail {

/// The coroutine's handler without its executor: Asio calls it where the operation ends.
template <class Handler>
struct straight_handler {
    using cancellation_slot_type = boost::asio::associated_cancellation_slot_t<Handler>;
    cancellation_slot_type get_cancellation_slot() const noexcept {
        return boost::asio::get_associated_cancellation_slot(handler);
    }
    using allocator_type = worker_allocator<void>;
    allocator_type get_allocator() const noexcept { return {}; }

    void operator()(boost::system::error_code ec, std::size_t bytes) {
        std::move(handler)(transferred{ec, bytes});
    }
    Handler handler;
};

/// What Asio calls an asynchronous operation: a coroutine that awaits it begins it.
template <class Initiation, class... Arguments>
class straight_operation {
public:
    explicit straight_operation(Initiation start, Arguments... arguments)
        : start_(std::move(start)), arguments_(std::move(arguments)...) {}

    template <boost::asio::completion_token_for<void(transferred)> Token>
    auto operator()(Token&& token) && {
        return boost::asio::async_initiate<Token, void(transferred)>(
            [this]<class Handler>(Handler&& handler) {
                straight_handler<std::decay_t<Handler>> plain{std::forward<Handler>(handler)};
                std::apply(
                    [&](auto&&... arguments) {
                        std::move(start_)(std::move(plain), std::move(arguments)...);
                    },
                    std::move(arguments_));
            },
            token);
    }

private:
    Initiation start_;
    std::tuple<Arguments...> arguments_;
};

} // namespace detail
} // namespace gateway

template <class Signature>
class boost::asio::async_result<gateway::straight_t, Signature> {
public:
    template <class Initiation, class... Arguments>
    static auto initiate(Initiation&& initiation, gateway::straight_t, Arguments&&... arguments) {
        return gateway::detail::straight_operation<std::decay_t<Initiation>, std::decay_t<Arguments>...>(
            std::forward<Initiation>(initiation), std::forward<Arguments>(arguments)...);
    }
};
