#include "runtime/turns.hpp"

#include "runtime/waiter.hpp"

namespace gateway {

/// A place that is given to one who waits never counts as free. Who is cancelled with a place passes it on.
task<turns::turn> turns::take() {
    if (free_ > 0) {
        --free_;
        co_return turn{this};
    }
    const executor_type home = co_await boost::asio::this_coro::executor;
    waiter me(home, deadline{steady_time::max()});
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
    co_await me.wait();
    mine.has_turn = true;
    co_return turn{this};
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
