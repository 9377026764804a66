#include "runtime/buffer.hpp"

#include "base/secret.hpp"

#include <algorithm>
#include <cstring>

namespace gateway {

void buffer::wipe(std::size_t from, std::size_t to) {
    if (from < to) wipe_bytes({memory_.get() + from, to - from});
}

std::span<char> buffer::prepare() {
    if (end_ == capacity_ && begin_ > 0) {
        std::memmove(memory_.get(), memory_.get() + begin_, size());
        wipe(size(), end_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < max_bytes_) {
        const std::size_t larger = std::min(std::max(capacity_ * 2, first_bytes_), max_bytes_);
        auto memory = std::make_unique_for_overwrite<char[]>(larger);
        if (end_ > 0) std::memcpy(memory.get(), memory_.get(), end_);
        wipe(0, end_);
        memory_ = std::move(memory);
        capacity_ = larger;
    }
    return {memory_.get() + end_, capacity_ - end_};
}

void buffer::consume(std::size_t bytes) {
    wipe(begin_, begin_ + bytes);
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
}

void buffer::clear() {
    wipe(begin_, end_);
    begin_ = end_ = 0;
}

void buffer::shrink() {
    if (!empty() || capacity_ <= first_bytes_) return;
    memory_.reset();
    capacity_ = 0;
}

} // namespace gateway
