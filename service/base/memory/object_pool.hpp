// Memory that one call has used and the next one finds: so that calls do not allocate what they all need.
// Owned by a worker or what belongs to it; one thread.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace gateway {

/// `Room` has a clean(), after which it holds no secret of the last call and no large memory.
template <class Room>
class object_pool {
public:
    std::unique_ptr<Room> take() {
        if (spare_.empty()) return std::make_unique<Room>();
        auto last = std::move(spare_.back());
        spare_.pop_back();
        return last;
    }
    void give(std::unique_ptr<Room> used) {
        used->clean();
        if (spare_.size() < spare_max) spare_.push_back(std::move(used));
    }

private:
    // More calls than this at once are rare; their rooms are made and thrown away.
    static constexpr std::size_t spare_max = 256;
    std::vector<std::unique_ptr<Room>> spare_;
};

} // namespace gateway
