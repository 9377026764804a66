#include "base/memory/worker_memory.hpp"

namespace gateway {

void worker_memory::make_room(std::size_t bytes) noexcept {
    while (kept_bytes_ + bytes > kept_bytes_max) {
        next_out_ = (next_out_ + 1) % sizes;
        if (block* const out = kept_[next_out_]) {
            kept_[next_out_] = out->next;
            kept_bytes_ -= next_out_ * step_bytes;
            ::operator delete(out);
        }
    }
}

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
