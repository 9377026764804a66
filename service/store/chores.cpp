#include "store/chores.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace gateway::store {

chores::chores(task<void> work) {
    boost::asio::post(loop_, [this, work = std::move(work)]() mutable { group_.spawn(std::move(work)); });
    thread_ = std::thread([this] { loop_.run(); });
}

chores::~chores() {
    boost::asio::post(loop_, [this] {
        group_.cancel();
        stay_.reset();
    });
    thread_.join();
}

} // namespace gateway::store
