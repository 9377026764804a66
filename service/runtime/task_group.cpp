#include "runtime/task_group.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <list>
#include <utility>

namespace gateway {

struct task_group::state {
    executor_type home;
    fault_observer on_fault;
    std::list<boost::asio::cancellation_signal>
        children; // a list, because each child keeps a slot of its signal: addresses must not change
    std::list<waiter*> waiting;
    std::exception_ptr first_fault;

    void ended(std::list<boost::asio::cancellation_signal>::iterator child, std::exception_ptr fault) {
        children.erase(child);
        if (fault && !is_cancellation(fault)) {
            if (!first_fault) first_fault = fault;
            if (on_fault) on_fault(fault);
        }
        if (children.empty())
            for (waiter* w : waiting)
                w->wake();
    }

    static bool is_cancellation(const std::exception_ptr& fault) {
        try {
            std::rethrow_exception(fault);
        } catch (const boost::system::system_error& e) {
            return e.code() == boost::asio::error::operation_aborted;
        } catch (...) {
            return false;
        }
    }
};

task_group::task_group(executor_type home, fault_observer on_fault)
    : state_(std::make_shared<state>(state{home, std::move(on_fault), {}, {}, {}})) {}

task_group::~task_group() {
    state_->on_fault = {}; // what it refers to may be destroyed before a late child ends
}

void task_group::spawn(task<void> child) {
    const memory_reserve::scope no_failure; // Asio cannot bear one while it starts a coroutine
    const auto place = state_->children.emplace(state_->children.end());
    auto on_end = [state = state_, place](std::exception_ptr fault) { state->ended(place, fault); };
    boost::asio::co_spawn(state_->home, std::move(child),
                          boost::asio::bind_cancellation_slot(place->slot(), std::move(on_end)));
}

void task_group::cancel() {
    // Must run inside a handler of the loop: otherwise co_spawn would defer each signal with a pointer to a
    // child that may have ended by then.
    boost::asio::dispatch(state_->home, [state = state_] {
        for (auto child = state->children.begin(); child != state->children.end();)
            (child++)->emit(boost::asio::cancellation_type::terminal);
    });
}

task<bool> task_group::wait_empty(deadline until) {
    const auto keep = state_;
    if (keep->children.empty()) co_return true;
    waiter me(keep->home, until);
    struct registration {
        std::list<waiter*>& line;
        std::list<waiter*>::iterator place;
        ~registration() { line.erase(place); }
    };
    const registration mine{keep->waiting, keep->waiting.insert(keep->waiting.end(), &me)};
    co_return co_await me.wait();
}

std::size_t task_group::size() const {
    return state_->children.size();
}

std::exception_ptr task_group::first_fault() const {
    return state_->first_fault;
}

} // namespace gateway
