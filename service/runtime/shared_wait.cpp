#include "runtime/shared_wait.hpp"

#include "runtime/waiter.hpp"

#include <boost/asio/post.hpp>

namespace gateway {

void wait_places::open() {
    std::list<std::shared_ptr<waiter>> woken;
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
        woken.swap(waiting_);
    }
    // A timer may be used only on its loop's thread, hence the post. Waking a waiter that has left meanwhile
    // has no effect.
    for (auto& one : woken) {
        const auto home = one->executor();
        boost::asio::post(home, [one = std::move(one)] { one->wake(); });
    }
}

task<bool> wait_places::wait(deadline until) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    const auto me = std::make_shared<waiter>(home, until);
    {
        const std::lock_guard lock(mutex_);
        if (open_) co_return true;
        waiting_.push_back(me);
    }
    struct registration {
        wait_places& places;
        const std::shared_ptr<waiter>& one;
        ~registration() {
            const std::lock_guard lock(places.mutex_);
            places.waiting_.remove(one);
        }
    };
    const registration mine{*this, me};
    co_return co_await me->wait();
}

} // namespace gateway
