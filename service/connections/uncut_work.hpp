// Work that goes on after its caller's deadline or cancellation: TikTok ends a refresh token when it answers,
// so its answer must reach the store, whoever waits for it. A drain waits for all of it (docs/promises.md
// P02). Part of connection_service, on its worker's thread.
#pragma once
#include "base/memory/memory_reserve.hpp"
#include "base/result.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/task_group.hpp"

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace gateway::connections {

class uncut_work {
public:
    /// The result of `work`, which must have deadlines of its own and refer to nothing of its caller.
    /// deadline_exceeded: `until` passed before. draining: nothing is begun any more.
    template <class T>
    task<result<T>> run(task<result<T>> work, deadline until) {
        if (is_draining_)
            co_return failure{errc::draining, "This replica is shutting down; ask another one."};
        if (!group_) group_.emplace(co_await boost::asio::this_coro::executor);
        const auto ended = std::make_shared<shared_wait<result<T>>>(); // the work may be its last owner
        group_->spawn(complete(std::move(work), ended));
        auto end = co_await ended->wait(until);
        if (!end) co_return failure{errc::deadline_exceeded, "TikTok or the store has not answered in time."};
        co_return std::move(*end);
    }

    /// From now on nothing begins, and what has begun retries for a shorter time.
    void begin_drain() { is_draining_ = true; }
    bool is_draining() const { return is_draining_; }
    task<void> wait_empty(deadline until) {
        if (group_) co_await group_->wait_empty(until);
    }

private:
    /// Gives who waits an end also if the work is destroyed or throws.
    template <class T>
    class completion_guard {
    public:
        explicit completion_guard(std::shared_ptr<shared_wait<result<T>>> of) : of_(std::move(of)) {}
        completion_guard(const completion_guard&) = delete;
        completion_guard& operator=(const completion_guard&) = delete;
        ~completion_guard() {
            const memory_reserve::scope no_failure; // it wakes who waits
            if (!end_)
                end_ = failure{errc::vault_unavailable, "The gateway could not finish this; try again."};
            of_->set(std::move(*end_));
        }
        void set_end(result<T> end) { end_ = std::move(end); }

    private:
        std::shared_ptr<shared_wait<result<T>>> of_;
        std::optional<result<T>> end_; // empty at first: making this guard must not fail
    };

    template <class T>
    static task<void> complete(task<result<T>> work, std::shared_ptr<shared_wait<result<T>>> ended) {
        completion_guard<T> at_the_end{std::move(ended)};
        auto end = co_await std::move(work);
        at_the_end.set_end(std::move(end));
    }

    std::optional<task_group> group_; // on the loop of its first caller
    bool is_draining_ = false;
};

} // namespace gateway::connections
