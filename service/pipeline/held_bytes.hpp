// The bytes of a file from a small form, in memory until they are sent. Allocated in blocks, so that memory
// grows with the received bytes and shrinks as they are sent. Lives in the frame of a call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>

namespace gateway::pipeline {

class held_bytes {
public:
    void append(std::string_view bytes);
    /// Moves the first bytes into `space`; 0 if none are left.
    std::size_t take(std::span<char> space);
    /// All received bytes, including those already taken.
    std::uint64_t size_bytes() const { return size_bytes_; }

private:
    static constexpr std::size_t block_bytes = 256 * 1024;

    std::deque<std::unique_ptr<char[]>> blocks_;
    std::size_t last_used_ = block_bytes; // of the last block
    std::size_t first_taken_ = 0;         // of the first one
    std::uint64_t size_bytes_ = 0;
};

} // namespace gateway::pipeline
