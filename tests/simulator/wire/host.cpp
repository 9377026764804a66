#include "wire/host.hpp"

#include "wire/errands.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace gateway::simulator {

host::host(boost::asio::io_context& context, settings all)
    : io(context), w(std::move(all), wall_now()), next_(context) {}

void host::advance() {
    w.advance(wall_now() + w.clock_ahead);
}

void host::pump() {
    w.settle();
    const std::string wish = std::exchange(w.out.close_connections, {});
    if (!wish.empty()) close_connections(wish == "idle");
    start_errands();
    wait_for_next();
}

void host::start_errands() {
    const auto ended = [](std::exception_ptr problem) {
        if (problem) std::rethrow_exception(problem);
    };
    for (pull_to_start& one : std::exchange(w.out.pulls, {})) {
        boost::asio::co_spawn(io, pull(*this, std::move(one)), ended);
    }
    for (event_to_send& one : std::exchange(w.out.events, {})) {
        boost::asio::co_spawn(io, deliver(*this, std::move(one)), ended);
    }
}

void host::close_connections(bool idle_only) {
    for (open_connection* one : open) {
        if (!idle_only || one->idle) one->bytes->reset();
    }
}

void host::wait_for_next() {
    const auto due = w.next_due();
    if (!due) return;
    const milliseconds wait = *due - (wall_now() + w.clock_ahead);
    // Short sleeps, so that a jump of the wall clock has no effect for long.
    next_.expires_after(std::clamp(wait, milliseconds{1}, milliseconds{1'000}));
    const auto woken = [this](const boost::system::error_code& problem) {
        if (problem) return;
        advance();
        pump();
    };
    next_.async_wait(woken);
}

} // namespace gateway::simulator
