// How the hot path waits for a socket: `co_await socket.async_read_some(buffer, straight)` gives the error
// code and the bytes, as no_throw does, and goes on in the very step of the loop that completed the
// operation. With no_throw, Asio keeps the loop's work counted for each operation and sends its end through
// the loop's executor (handler_work.hpp), since it does not know that the coroutine lives on the socket's own
// loop; that is 400 instructions and two locked additions for each operation. Only for sockets of the
// coroutine's own loop.
#pragma once
#include "runtime/task.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>

#include <utility>

namespace gateway {

struct straight_t {};
inline constexpr straight_t straight{};

namespace detail {

/// The coroutine's handler without its executor: Asio calls it where the operation ends.
template <class Handler>
struct straight_handler {
    using cancellation_slot_type = boost::asio::associated_cancellation_slot_t<Handler>;
    cancellation_slot_type get_cancellation_slot() const noexcept {
        return boost::asio::get_associated_cancellation_slot(handler);
    }
    template <class... Results>
    void operator()(Results&&... results) {
        std::move(handler)(std::forward<Results>(results)...);
    }
    Handler handler;
};

} // namespace detail
} // namespace gateway

template <class Signature>
class boost::asio::async_result<gateway::straight_t, Signature> {
public:
    template <class Initiation, class... Arguments>
    static auto initiate(Initiation&& initiation, gateway::straight_t, Arguments&&... arguments) {
        auto begin = [start = std::forward<Initiation>(initiation)](auto&& handler, auto&&... rest) mutable {
            using handler_type = std::decay_t<decltype(handler)>;
            gateway::detail::straight_handler<handler_type> plain{std::forward<decltype(handler)>(handler)};
            std::move(start)(std::move(plain), std::forward<decltype(rest)>(rest)...);
        };
        using awaiting = async_result<std::decay_t<decltype(gateway::no_throw)>, Signature>;
        return awaiting::initiate(std::move(begin), gateway::no_throw, std::forward<Arguments>(arguments)...);
    }
};
