// A group of coroutines: every coroutine that is started belongs to a group, which counts it until it ends,
// can cancel it and can wait until none is left (docs/code-rules.md §20). Owned by a worker or by the code
// that started the children; one thread.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace gateway {

class task_group {
public:
    /// Called with an exception that left a child (never with a cancellation), on the loop's thread.
    using fault_observer = std::function<void(std::exception_ptr)>;

    explicit task_group(executor_type home, fault_observer on_fault = {});
    /// Children may outlive the group only if they are destroyed with their loop.
    ~task_group();
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// The child starts at once, up to its first wait.
    void spawn(task<void> child);

    /// Asks every child to stop: its current wait ends with operation_aborted, the next one throws it.
    void cancel();

    /// True when no child is left; false when `until` passed before. Not to be called by a child.
    task<bool> wait_empty(deadline until);

    std::size_t size() const;
    /// The first exception that left a child, if any did.
    std::exception_ptr first_fault() const;

private:
    struct state;
    std::shared_ptr<state> state_; // shared with children that end later, when their loop is destroyed
};

} // namespace gateway
