// A staged file as the body of an upload: reads on the blocking pool, one piece at a time. What leaves is
// what was stored: the size and the digest are checked, and the last byte is given only if both are right, so
// bytes that changed on the disk never complete an upload.
#pragma once
#include "base/digest.hpp"
#include "base/fair_share.hpp"
#include "files/damage_log.hpp"
#include "files/disk.hpp"
#include "runtime/body_source.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace gateway {
class blocking_pool;
}

namespace gateway::files {

/// What the file was when it was stored.
struct stored_file {
    file_id id;
    std::uint64_t size_bytes = 0;
    std::string sha256; // hex
};

class file_source final : public body_source {
public:
    /// Read for a call of `by`. `damages` outlives it.
    file_source(blocking_pool& pool, damage_log& damages, descriptor file, stored_file what, sharer by);

    std::uint64_t size_bytes() const override { return what_.size_bytes; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;

private:
    result<std::size_t> read(std::span<char> space);
    result<std::size_t> read_checked(std::span<char> space);

    blocking_pool& pool_;
    damage_log& damages_;
    descriptor file_;
    stored_file what_;
    sharer by_;
    std::uint64_t offset_ = 0;
    sha256_stream digest_;
    std::optional<failure> failed_; // no later read may look like the end of the file
};

} // namespace gateway::files
