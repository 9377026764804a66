#include "inbound/spare_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace gateway::inbound {

spare_descriptors::spare_descriptors(std::size_t count) : count_(count) {
    held_.reserve(count_);
    refill();
}

spare_descriptors::~spare_descriptors() {
    while (release()) {
    }
}

bool spare_descriptors::release() {
    if (held_.empty()) return false;
    ::close(held_.back());
    held_.pop_back();
    return true;
}

void spare_descriptors::refill() {
    while (held_.size() < count_) {
        const int one = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (one < 0) return;
        held_.push_back(one);
    }
}

} // namespace gateway::inbound
