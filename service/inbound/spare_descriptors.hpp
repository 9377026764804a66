// Spare descriptors, kept open so that a client can still be accepted and refused with an answer when the
// process has no more (L03). Owned by one acceptor, on its thread.
#pragma once
#include "base/descriptor.hpp"

#include <cstddef>
#include <fcntl.h>
#include <utility>
#include <vector>

namespace gateway::inbound {

class spare_descriptors {
public:
    explicit spare_descriptors(std::size_t count) : count_(count) { refill(); }

    /// Closes one, so that the process can open something. `false`: there is none left.
    bool release() {
        if (held_.empty()) return false;
        held_.pop_back();
        return true;
    }
    /// Opens the released ones again, as far as possible.
    void refill() {
        held_.reserve(count_);
        while (held_.size() < count_) {
            descriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
            if (!one.is_open()) return;
            held_.push_back(std::move(one));
        }
    }

private:
    std::size_t count_;
    std::vector<descriptor> held_;
};

} // namespace gateway::inbound
