#include "pipeline/held_bytes.hpp"

#include <algorithm>
#include <cstring>

namespace gateway::pipeline {

void held_bytes::append(std::string_view bytes) {
    size_bytes_ += bytes.size();
    while (!bytes.empty()) {
        if (last_used_ == block_bytes) {
            blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
            last_used_ = 0;
        }
        const auto count = std::min(bytes.size(), block_bytes - last_used_);
        std::memcpy(blocks_.back().get() + last_used_, bytes.data(), count);
        last_used_ += count;
        bytes.remove_prefix(count);
    }
}

std::size_t held_bytes::take(std::span<char> space) {
    if (blocks_.empty()) return 0;
    const auto end = blocks_.size() == 1 ? last_used_ : block_bytes;
    const auto count = std::min(space.size(), end - first_taken_);
    if (count > 0) std::memcpy(space.data(), blocks_.front().get() + first_taken_, count);
    first_taken_ += count;
    if (first_taken_ == block_bytes) {
        blocks_.pop_front();
        first_taken_ = 0;
        if (blocks_.empty()) last_used_ = block_bytes;
    }
    return count;
}

} // namespace gateway::pipeline
