#include "runtime/shared_memory.hpp"

#include "runtime/waiter.hpp"

namespace gateway {
namespace {

constexpr milliseconds try_again_after{5'000};
constexpr milliseconds wait_for_room{10'000};
constexpr milliseconds look_every{100};

} // namespace

failure no_memory_left() {
    return failure(errc::overloaded, "Too many uploads are running; try again soon.")
        .retry_after(try_again_after);
}

failure lost_its_place() {
    return failure(errc::overloaded,
                   "The bytes came too slowly while others waited for the memory they need; send them again.")
        .retry_after(try_again_after);
}

task<result<void>> hold_memory(limits::shared_bytes::permit& of, std::uint64_t bytes, deadline until) {
    const auto last = until.no_later_than(steady_now() + wait_for_room);
    while (!of.hold(bytes, steady_now())) {
        if (of.lost() || last.passed(steady_now())) co_return lost_its_place();
        co_await pause_until(deadline::in(steady_now(), look_every).no_later_than(last));
    }
    if (of.lost()) co_return lost_its_place();
    co_return result<void>{};
}

} // namespace gateway
