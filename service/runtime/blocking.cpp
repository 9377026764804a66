#include "runtime/blocking.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gateway {

blocking_pool::blocking_pool(unsigned threads, std::size_t queue_max, const caller_count* callers)
    : thread_count_(threads),
      callers_(callers_or_one(callers)),
      accepted_(threads + queue_max, callers_),
      threads_(threads) {
    for (unsigned i = 0; i < threads; ++i)
        boost::asio::post(threads_, [this] { run(); });
}

blocking_pool::~blocking_pool() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    threads_.join();
}

std::size_t blocking_pool::accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_.used();
}

blocking_pool::lines::iterator blocking_pool::line_of(sharer by) {
    const auto found =
        std::find_if(lines_.begin(), lines_.end(), [by](const line& one) { return one.by == by; });
    return found != lines_.end() ? found : lines_.insert(lines_.end(), line{by, {}, 0});
}

/// The line whose turn it is; the end if there is none.
blocking_pool::lines::iterator blocking_pool::next() {
    const unsigned most = callers_.several() ? std::max(1U, thread_count_ / 2) : thread_count_;
    return std::find_if(lines_.begin(), lines_.end(),
                        [most](const line& one) { return !one.waiting.empty() && one.running < most; });
}

void blocking_pool::leave_if_idle(lines::iterator which) {
    if (which->waiting.empty() && which->running == 0) lines_.erase(which);
}

bool blocking_pool::leave(std::function<void()> work, std::function<void()> ended, sharer by) {
    const std::lock_guard lock(mutex_);
    if (ending_ || !accepted_.take(by, 1)) return false;
    auto its_line = lines_.end();
    try {
        its_line = line_of(by);
        its_line->waiting.push_back({std::move(work), std::move(ended)});
    } catch (...) {
        accepted_.give_back(by, 1);
        if (its_line != lines_.end()) leave_if_idle(its_line);
        throw;
    }
    changed_.notify_one();
    return true;
}

/// A thread. It ends when nothing is left that it may run: the rest of a line that has its half belongs to
/// the threads that are at it.
void blocking_pool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto turn = next();
        if (turn == lines_.end()) {
            if (ending_) return;
            changed_.wait(lock);
            continue;
        }
        job one = std::move(turn->waiting.front());
        turn->waiting.pop_front();
        ++turn->running;
        lines_.splice(lines_.end(), lines_, turn);
        lock.unlock();
        one.work();
        one.work = nullptr; // what it holds is given back here
        lock.lock();
        --turn->running;
        accepted_.give_back(turn->by, 1);
        leave_if_idle(turn);
        lock.unlock();
        if (one.ended) one.ended();
        one.ended = nullptr;
        lock.lock();
    }
}

} // namespace gateway
