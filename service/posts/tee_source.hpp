// An upload's body that is kept as a file while it passes by. Trouble with the file never hurts the upload:
// the copy is given up, and the reason remembered for a warning.
#pragma once
#include "files/shelf.hpp"
#include "runtime/body_source.hpp"

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
    /// `copy` takes what passes by. `staged_in` has it already; both may be null.
    tee_source(body_source& from, std::unique_ptr<files::writer> copy, files::writer* staged_in)
        : from_(from), copy_(std::move(copy)), staged_in_(staged_in) {}

    std::uint64_t size_bytes() const override { return from_.size_bytes(); }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;
    void release_memory() override { from_.release_memory(); }

    /// After all was read: the file, or nothing when it could not be kept.
    task<std::optional<store::file_record>> finish(std::string mimetype, wall_time now, deadline until);

private:
    body_source& from_;
    std::unique_ptr<files::writer> copy_; // null once it is given up
    files::writer* staged_in_;
};

} // namespace gateway::posts
