// A staged file as the body of an upload: reads on the blocking pool, one piece at a time.
#pragma once
#include "files/disk.hpp"
#include "runtime/body_source.hpp"

#include <cstdint>
#include <span>

namespace gateway {
class blocking_pool;
}

namespace gateway::files {

class file_source final : public body_source {
public:
    file_source(blocking_pool& pool, descriptor file, std::uint64_t size_bytes);

    std::uint64_t size_bytes() const override { return size_bytes_; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;

private:
    blocking_pool& pool_;
    descriptor file_;
    std::uint64_t size_bytes_;
    std::uint64_t offset_ = 0;
};

} // namespace gateway::files
