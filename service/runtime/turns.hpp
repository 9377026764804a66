// A bounded number of places for work of one kind on one worker; who finds none waits, first come first
// served. Owned by what starts the work; one thread.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <list>
#include <optional>

namespace gateway {

class waiter;

class turns {
public:
    explicit turns(std::size_t at_once) : free_(at_once) {}
    turns(const turns&) = delete;
    turns& operator=(const turns&) = delete;

    /// A place that was taken; given back by the destructor.
    class turn {
    public:
        explicit turn(turns* of) : of_(of) {}
        turn(turn&& from) noexcept : of_(from.of_) { from.of_ = nullptr; }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        turn& operator=(turn&&) = delete;
        ~turn() {
            if (of_) of_->give();
        }

    private:
        turns* of_;
    };
    /// Nothing: none was free until then. Throws when the coroutine is cancelled.
    task<std::optional<turn>> take(deadline until);
    std::size_t free() const { return free_; }

private:
    void give();

    std::size_t free_;
    std::list<waiter*> waiting_; // each in the frame of take(); the first one is next
};

} // namespace gateway
