#include "runtime/turns.hpp"

#include "runtime/waiter.hpp"

namespace gateway {

/// A place that is given to one who waits never counts as free. Who is cancelled with a place passes it on.
task<std::optional<turns::turn>> turns::take(deadline until) {
    if (free_ > 0) {
        --free_;
        std::optional<turn> out(std::in_place, this);
        co_return out;
    }
    const executor_type home = co_await boost::asio::this_coro::executor;
    waiter me(home, until);
    struct registration {
        turns& of;
        waiter& one;
        bool has_turn = false;
        ~registration() {
            of.waiting_.remove(&one);
            if (one.woken() && !has_turn) of.give();
        }
    };
    waiting_.push_back(&me);
    registration mine{*this, me};
    const bool is_woken = co_await me.wait();
    if (!is_woken) co_return std::nullopt;
    mine.has_turn = true;
    std::optional<turn> out(std::in_place, this);
    co_return out;
}

void turns::give() {
    if (waiting_.empty()) {
        ++free_;
        return;
    }
    auto* const next = waiting_.front();
    waiting_.pop_front();
    next->wake();
}

} // namespace gateway
