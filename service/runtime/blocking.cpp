#include "runtime/blocking.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>

namespace gateway {

struct blocking_pool::state {
    state(unsigned count, std::size_t queue_max) : accepted_max(count + queue_max), threads(count) {}

    const std::size_t accepted_max;
    std::atomic<std::size_t> accepted{0};
    boost::asio::thread_pool threads;
};

blocking_pool::blocking_pool(unsigned threads, std::size_t queue_max)
    : state_(std::make_unique<state>(threads, queue_max)) {}

blocking_pool::~blocking_pool() {
    state_->threads.join(); // its own destructor would drop what waits
}

bool blocking_pool::leave(std::function<void()> work, std::function<void()> ended) {
    if (state_->accepted.fetch_add(1) >= state_->accepted_max) {
        --state_->accepted;
        return false;
    }
    boost::asio::post(state_->threads,
                      [s = state_.get(), work = std::move(work), ended = std::move(ended)]() mutable {
                          work();
                          work = nullptr; // what it holds is given back here
                          --s->accepted;
                          if (ended) ended();
                      });
    return true;
}

std::size_t blocking_pool::accepted() const {
    return state_->accepted.load();
}

} // namespace gateway
