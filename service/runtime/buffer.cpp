#include "runtime/buffer.hpp"

#include <algorithm>
#include <cstring>

namespace gateway {

std::span<char> buffer::prepare() {
    if (end_ == capacity_ && begin_ > 0) {
        std::memmove(memory_.get(), memory_.get() + begin_, size());
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < max_bytes_) {
        const std::size_t larger = std::min(std::max(capacity_ * 2, first_bytes_), max_bytes_);
        auto memory = std::make_unique_for_overwrite<char[]>(larger);
        if (end_ > 0) std::memcpy(memory.get(), memory_.get(), end_);
        memory_ = std::move(memory);
        capacity_ = larger;
    }
    return {memory_.get() + end_, capacity_ - end_};
}

void buffer::consume(std::size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) clear();
}

void buffer::shrink() {
    if (!empty() || capacity_ <= first_bytes_) return;
    memory_.reset();
    capacity_ = 0;
}

} // namespace gateway
