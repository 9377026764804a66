#include "runtime/thread_handoff.hpp"

#include "base/memory/memory_reserve.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace gateway {

thread_handoff::thread_handoff(executor_type home) : stay_(home) {}
thread_handoff::~thread_handoff() = default;

task<void> thread_handoff::wait(std::function<void()> start) {
    auto begin = [this, &start](auto handler) {
        struct suspended final : continuation {
            explicit suspended(decltype(handler)&& h) : handler_(std::move(h)) {}
            void go_on() override { std::move(handler_)(); }
            decltype(handler) handler_;
        };
        waiting_ = std::make_unique<suspended>(std::move(handler));
        start();
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<executor_type>&, void()>(
        begin, use_task);
}

void thread_handoff::resume() {
    const memory_reserve::scope no_failure; // the coroutine waits for nothing else
    const auto home = stay_.get_executor();
    // The guard goes with the handler: once the coroutine runs, its loop may end and be destroyed before this
    // thread does anything more.
    auto go_on = [stay = std::move(stay_), waiting = std::move(waiting_)] { waiting->go_on(); };
    boost::asio::post(home, std::move(go_on));
}

} // namespace gateway
