// The current chunk: bytes from the source, kept until TikTok has them. Also the digest of everything read,
// and the check that the source has exactly the announced size.
#pragma once
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/result.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gateway::user_api {

/// Pieces of 64-256 KiB are cheapest (performance notes, "Uploads").
inline constexpr std::size_t piece_bytes = 256 * 1024;

class held_chunk {
public:
    held_chunk(body_source& from, std::uint64_t chunk_bytes_max);

    /// Drops the bytes; they stay in the digest.
    void next() { filled_ = 0; }
    std::uint64_t filled_bytes() const { return filled_; }
    /// The held bytes from `offset` on, at most one piece.
    std::string_view piece_at(std::uint64_t offset) const;

    /// Reads once, until at most `bytes_wanted` are held. malformed_request if the source has ended.
    task<result<void>> read_more(std::uint64_t bytes_wanted, deadline until);
    /// Call after the last announced byte: malformed_request if there is another one.
    task<result<void>> expect_end(deadline until);

    sha256_bytes finish_digest() { return digest_.finish(); }

private:
    body_source& from_;
    std::unique_ptr<char[]> bytes_;
    std::uint64_t filled_ = 0;
    std::uint64_t read_ = 0;
    sha256_stream digest_;
};

} // namespace gateway::user_api
