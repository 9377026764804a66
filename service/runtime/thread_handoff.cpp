#include "runtime/thread_handoff.hpp"

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
    const auto stay = std::move(stay_);
    auto waiting = std::move(waiting_);
    boost::asio::post(stay.get_executor(), [waiting = std::move(waiting)]() { waiting->go_on(); });
}

} // namespace gateway
