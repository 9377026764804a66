#include "runtime/shared_wait.hpp"

#include "runtime/waiter.hpp"

#include <boost/asio/post.hpp>

#include <list>

namespace gateway {

struct wait_places::state {
    std::mutex mutex;
    bool open = false;
    std::list<std::shared_ptr<waiter>> waiting;
};

wait_places::wait_places() : state_(std::make_shared<state>()) {}
wait_places::~wait_places() = default;

void wait_places::open() {
    std::list<std::shared_ptr<waiter>> woken;
    {
        const std::lock_guard lock(state_->mutex);
        state_->open = true;
        woken.swap(state_->waiting);
    }
    // A timer may be used only on its loop's thread, hence the post. Waking a waiter that has left meanwhile
    // has no effect.
    for (auto& one : woken) {
        const auto home = one->executor();
        boost::asio::post(home, [one = std::move(one)] { one->wake(); });
    }
}

task<bool> wait_places::wait(deadline until) {
    const auto keep = state_;
    const executor_type home = co_await boost::asio::this_coro::executor;
    const auto me = std::make_shared<waiter>(home, until);
    {
        const std::lock_guard lock(keep->mutex);
        if (keep->open) co_return true;
        keep->waiting.push_back(me);
    }
    struct registration {
        state& places;
        const std::shared_ptr<waiter>& one;
        ~registration() {
            const std::lock_guard lock(places.mutex);
            places.waiting.remove(one);
        }
    };
    const registration mine{*keep, me};
    co_return co_await me->wait();
}

} // namespace gateway
