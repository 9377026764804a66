// An upload's body that is also written to a file while it is read. An error of the file never affects the
// upload: the copy is given up, and the reason is kept for a warning.
#pragma once
#include "files/staged_file_store.hpp"
#include "runtime/body_source.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace gateway::posts {

class tee_source final : public body_source {
public:
    /// `copy` receives the bytes. `staged_in` already has them; both may be null.
    tee_source(body_source& from, std::unique_ptr<files::file_writer> copy, files::file_writer* staged_in)
        : from_(from), copy_(std::move(copy)), staged_in_(staged_in) {}

    std::uint64_t size_bytes() const override { return from_.size_bytes(); }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;
    void give_way_when(const std::atomic<bool>* lost) override { from_.give_way_when(lost); }
    std::optional<limits::shared_bytes::permit> release_memory() override { return from_.release_memory(); }

    /// Call after everything was read: gives the file, or nothing if it could not be kept.
    task<std::optional<store::file_record>> finish(std::string mimetype, wall_time now, deadline until);

private:
    body_source& from_;
    std::unique_ptr<files::file_writer> copy_; // null after it was given up
    files::file_writer* staged_in_;
};

} // namespace gateway::posts
