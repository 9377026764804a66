// A body whose bytes are there at once, and come in pieces.
#pragma once
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

namespace gateway::testing {

/// Bytes in pieces of at most `piece_bytes`.
class pieces final : public body_source {
public:
    pieces(std::string bytes, std::size_t piece_bytes)
        : bytes_(std::move(bytes)), piece_bytes_(piece_bytes) {}
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    std::size_t taken() const { return at_; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        const auto count = std::min({space.size(), piece_bytes_, bytes_.size() - at_});
        std::memcpy(space.data(), bytes_.data() + at_, count);
        at_ += count;
        co_return count;
    }

private:
    std::string bytes_;
    std::size_t piece_bytes_;
    std::size_t at_ = 0;
};

} // namespace gateway::testing
