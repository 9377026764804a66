#include "runtime/worker_memory.hpp"

namespace gateway {

worker_memory::~worker_memory() {
    here_ = before_;
    for (block* first : kept_) {
        while (first != nullptr) {
            block* const next = first->next;
            ::operator delete(first);
            first = next;
        }
    }
}

} // namespace gateway
