// Descriptors kept open for nothing, so that a client can still be accepted, and told, when the process has
// no more (L03). One acceptor's, on its thread.
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

    /// Gives one back to the process, for whoever opens something next. `false`: there is none left.
    bool release();
    /// Takes again what was released, as far as there is any.
    void refill();

private:
    std::size_t count_;
    std::vector<int> held_;
};

} // namespace gateway::inbound
