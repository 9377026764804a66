// Many coroutines, on any worker, wait for one result (single flight: a token refresh, a lookup). Each has
// its own deadline; one that leaves, late or cancelled, affects neither the work nor the others. Held by
// shared_ptr, by the coroutine that does the work and by each that waits, because any of them may be the
// last.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway {

class waiter;

/// The part that does not depend on the type of the result: the list of waiters.
class wait_places {
public:
    /// Wakes everyone, now and from now on. Any thread.
    void open();
    /// True: opened. False: `until` passed. Throws when the coroutine is cancelled. Any worker. The caller
    /// keeps *this alive meanwhile.
    task<bool> wait(deadline until);

private:
    std::mutex mutex_;
    bool open_ = false;
    std::list<std::shared_ptr<waiter>> waiting_; // shared with wake-ups that are posted to other threads
};

template <class T>
class shared_wait {
public:
    /// Once, from any thread.
    void set(T value) {
        {
            const std::lock_guard lock(mutex_);
            value_.emplace(std::move(value));
        }
        places_.open();
    }

    /// A copy of the result, or nothing when `until` passed. The caller keeps *this alive meanwhile.
    task<std::optional<T>> wait(deadline until) {
        const bool there = co_await places_.wait(until);
        co_return there ? peek() : std::nullopt;
    }

    /// The result if it is there. Any thread.
    std::optional<T> peek() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

private:
    mutable std::mutex mutex_;
    std::optional<T> value_;
    wait_places places_;
};

} // namespace gateway
