// A pool of objects that calls reuse, so that they do not allocate what every call needs. Owned by a worker
// or a part of one; one thread.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace gateway {

/// `Object` has a clean(), after which it holds no secret of the last call and no large memory.
template <class Object>
class object_pool {
public:
    std::unique_ptr<Object> take() {
        if (spare_.empty()) return std::make_unique<Object>();
        auto last = std::move(spare_.back());
        spare_.pop_back();
        return last;
    }
    void give(std::unique_ptr<Object> used) {
        used->clean();
        if (spare_.size() < spare_max) spare_.push_back(std::move(used));
    }

private:
    // More calls than this at a time are rare; their objects are allocated and freed.
    static constexpr std::size_t spare_max = 256;
    std::vector<std::unique_ptr<Object>> spare_;
};

} // namespace gateway
