#include "runtime/blocking.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace gateway {

struct blocking_pool::state {
    std::mutex mutex;
    std::condition_variable wake;
    std::size_t accepted_max = 0;
    std::size_t accepted = 0;
    job* first = nullptr;
    job* last = nullptr;
    std::vector<std::function<void()>> left; // work that no coroutine waits for
    bool ending = false;
    std::vector<std::thread> threads;
};

blocking_pool::job::job(blocking_pool& pool, executor_type home)
    : pool_(pool), accepted_(pool.accept()), stay_(home) {}

blocking_pool::job::~job() {
    if (accepted_) pool_.release();
}

blocking_pool::blocking_pool(unsigned threads, std::size_t queue_max) : state_(std::make_unique<state>()) {
    state_->accepted_max = threads + queue_max;
    for (unsigned i = 0; i < threads; ++i)
        state_->threads.emplace_back([this] { serve(); });
}

blocking_pool::~blocking_pool() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->ending = true;
    }
    state_->wake.notify_all();
    for (auto& thread : state_->threads)
        thread.join();
}

bool blocking_pool::accept() {
    const std::lock_guard lock(state_->mutex);
    if (state_->ending || state_->accepted == state_->accepted_max) return false;
    ++state_->accepted;
    return true;
}

void blocking_pool::release() {
    const std::lock_guard lock(state_->mutex);
    --state_->accepted;
}

void blocking_pool::enqueue(job& what) {
    {
        const std::lock_guard lock(state_->mutex);
        (state_->last ? state_->last->next_ : state_->first) = &what;
        state_->last = &what;
    }
    state_->wake.notify_one();
}

bool blocking_pool::leave(std::function<void()> work) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->ending || state_->accepted == state_->accepted_max) return false;
        state_->left.push_back(std::move(work));
        ++state_->accepted;
    }
    state_->wake.notify_one();
    return true;
}

task<void> blocking_pool::run(job& what) {
    auto start = [this, &what](auto handler) {
        struct waiting final : job::continuation {
            explicit waiting(decltype(handler)&& h) : handler_(std::move(h)) {}
            void resume() override { std::move(handler_)(); }
            decltype(handler) handler_;
        };
        what.resume_ = std::make_unique<waiting>(std::move(handler));
        enqueue(what);
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<executor_type>&, void()>(
        start, use_task);
}

void blocking_pool::serve() {
    std::unique_lock lock(state_->mutex);
    for (;;) {
        state_->wake.wait(lock, [this] { return state_->first || !state_->left.empty() || state_->ending; });
        job* const next = state_->first;
        if (!next && state_->left.empty()) return;
        if (!next) {
            auto work = std::move(state_->left.back());
            state_->left.pop_back();
            lock.unlock();
            work();
            work = nullptr; // destroys what it holds here, outside the lock
            lock.lock();
            --state_->accepted;
            continue;
        }
        state_->first = next->next_;
        if (!state_->first) state_->last = nullptr;
        lock.unlock();
        next->run();
        // After the post, the job and its frame may no longer exist.
        const auto stay = std::move(next->stay_);
        auto resume = std::move(next->resume_);
        boost::asio::post(stay.get_executor(), [resume = std::move(resume)]() { resume->resume(); });
        lock.lock();
    }
}

std::size_t blocking_pool::accepted() const {
    const std::lock_guard lock(state_->mutex);
    return state_->accepted;
}

} // namespace gateway
