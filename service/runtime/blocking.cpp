#include "runtime/blocking.hpp"

#include <boost/asio/post.hpp>

namespace gateway {

blocking_pool::~blocking_pool() {
    threads_.join(); // its own destructor would drop what waits
}

bool blocking_pool::leave(std::function<void()> work, std::function<void()> ended) {
    if (accepted_.fetch_add(1) >= accepted_max_) {
        --accepted_;
        return false;
    }
    boost::asio::post(threads_, [this, work = std::move(work), ended = std::move(ended)]() mutable {
        work();
        work = nullptr; // what it holds is given back here
        --accepted_;
        if (ended) ended();
    });
    return true;
}

} // namespace gateway
