// Spare descriptors, kept open so that a client can still be accepted and refused with an answer when the
// process has no more (L03). Owned by one acceptor, on its thread.
#pragma once
#include <cstddef>
#include <vector>

namespace gateway::inbound {

class spare_descriptors {
public:
    explicit spare_descriptors(std::size_t count);
    ~spare_descriptors();
    spare_descriptors(const spare_descriptors&) = delete;
    spare_descriptors& operator=(const spare_descriptors&) = delete;

    /// Closes one, so that the process can open something. `false`: there is none left.
    bool release();
    /// Opens the released ones again, as far as possible.
    void refill();

private:
    std::size_t count_;
    std::vector<int> held_;
};

} // namespace gateway::inbound
