#include "wire/host.hpp"

#include <algorithm>
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
    wait_for_next();
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
    // Short naps, so that a wall clock that jumps does not matter for long.
    next_.expires_after(std::clamp(wait, milliseconds{1}, milliseconds{1'000}));
    const auto woken = [this](const boost::system::error_code& problem) {
        if (problem) return;
        advance();
        pump();
    };
    next_.async_wait(woken);
}

} // namespace gateway::simulator
