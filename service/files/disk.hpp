// The system calls for files. They block, so call them on the blocking pool. Errors are values that contain
// no paths.
#pragma once
#include "base/descriptor.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::files {

/// The folder in which files wait, open. Every name is looked up beneath it and follows no link, so neither a
/// row of the store nor somebody who writes to the folder can make it read or remove another file. A name is
/// one of ours: a file's id, or that with a suffix. Immutable; any thread.
class folder {
public:
    /// Makes it, 0700, if it is missing. Throws if that fails, or if other users may look into it
    /// (base/private_places.hpp).
    explicit folder(const std::string& path);

    /// Creates a file, 0600, for appending and reading; it must not exist. It is locked as long as this
    /// descriptor or a copy of it is open, so that every process sees that somebody works on it.
    result<descriptor> create(const std::string& name) const;
    /// Locks a file that nobody works on any more, for whoever wants to remove it. in_progress: its creator
    /// still has it open; no_such_file as in open(). On a file system without locks a file counts as
    /// abandoned when nothing was written to it for an hour.
    result<descriptor> claim_abandoned(const std::string& name) const;
    /// For reading. no_such_file if it does not exist, or a link or something else has its name.
    result<descriptor> open(const std::string& name) const;
    /// Syncs the file, gives it its final name and syncs the folder.
    result<void> sync_and_rename(const descriptor& file, const std::string& from,
                                 const std::string& to) const;
    /// Does nothing if there is no such file.
    void remove(const std::string& name) const;
    /// What is in it.
    std::vector<std::string> names() const;

private:
    std::string path_; // for names() only
    descriptor self_;
};

/// Lets the disk write a file while its bytes come, so that few are left for the sync at its end: that of a
/// file of gigabytes would hold its thread for tens of seconds. For a file that only grows; one thread at a
/// time.
class early_writeback {
public:
    static constexpr std::uint64_t step_bytes = 64ULL << 20;

    /// The file has `size_bytes` now. Begins to write each step that is whole, and waits for the one before
    /// it, so that at most two steps are left. Errors are those of the sync.
    void reached(const descriptor& file, std::uint64_t size_bytes);
    /// Until where the disk was told to write.
    std::uint64_t begun_bytes() const { return begun_bytes_; }

private:
    std::uint64_t begun_bytes_ = 0;
};

/// Another descriptor of the same open file, for reading with read_at.
result<descriptor> same_file(const descriptor& file);
result<std::uint64_t> size_of(const descriptor& file);
/// Appends all bytes.
result<void> append(const descriptor& file, std::string_view bytes);
/// Reads the bytes at `offset`, at most as many as fit; 0 at the end.
result<std::size_t> read_at(const descriptor& file, std::uint64_t offset, std::span<char> space);

} // namespace gateway::files
