// A file that is being written, under a temporary name until it is complete and synced. If it is destroyed
// without finish(), nothing of it remains, on disk or in the quota.
#pragma once
#include "base/digest.hpp"
#include "files/damage_log.hpp"
#include "files/disk.hpp"
#include "files/file_room.hpp"
#include "limits/shared_bytes.hpp"
#include "runtime/body_source.hpp"
#include "store/files.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gateway {
class blocking_pool;
}

namespace gateway::files {

/// Small pieces are collected to this size before a write.
inline constexpr std::uint64_t write_bytes = 256 * 1024;
/// The memory for a file that is being written: one byte more than a small file has shows that its body is
/// longer.
constexpr std::uint64_t buffer_bytes_of(std::uint64_t size_bytes) {
    return size_bytes < write_bytes ? size_bytes + 1 : write_bytes;
}
inline constexpr std::string_view temporary_suffix = ".part";

/// overloaded.
failure no_room_for_files();

struct new_file {
    file_id id;
    caller_name caller;
    std::uint64_t size_bytes = 0;
    seconds lifetime{0};
};

class file_writer {
public:
    /// `memory`: a claim of buffer_bytes_of() the size. What is given by reference outlives it.
    file_writer(store::files& records, blocking_pool& pool, const folder& place, damage_log& damages,
                new_file what, file_room::place room, limits::shared_bytes::permit memory, descriptor file);
    ~file_writer();

    /// Fails with overloaded if the room for files has been used up meanwhile.
    task<result<void>> write(std::string_view piece, deadline until);
    /// Writes all bytes of `from`, which it reads into the buffer. Fails like write() and like the body, and
    /// with overloaded if the bytes come too slowly while others need the memory.
    task<result<void>> write_all(body_source& from, deadline until);
    /// Ends writing: the bytes written so far are the whole file, whatever size was announced. Gives a source
    /// that reads them and does not need the writer; finish() may still follow. Call once.
    task<result<std::unique_ptr<body_source>>> read_back(deadline until);
    /// Syncs, renames, records. Fails with malformed_request when less than announced was written, and with
    /// overloaded if the room has been used up meanwhile.
    task<result<store::file_record>> finish(std::string mimetype, wall_time now, deadline until);

private:
    std::span<char> free_space();
    result<void> added(std::size_t count);
    task<result<std::size_t>> read_once(body_source& from, deadline until);
    task<result<void>> make_room(deadline until);
    task<result<void>> flush(deadline until);
    void drop_buffer();
    /// Of the bytes written so far, which are all.
    const std::string& digest();
    std::string temporary_name() const { return what_.id.text() + std::string(temporary_suffix); }

    store::files& records_;
    blocking_pool& pool_;
    const folder& place_;
    damage_log& damages_;
    new_file what_;
    sharer by_; // the caller
    file_room::place room_;
    std::optional<limits::shared_bytes::permit> memory_; // of the buffer
    descriptor file_;
    early_writeback writeback_;
    std::unique_ptr<char[]> buffer_;
    std::size_t buffer_bytes_;
    std::size_t gathered_ = 0;  // in the buffer
    std::uint64_t written_ = 0; // with those in the buffer
    sha256_stream digest_;
    std::string sha256_;      // hex, once the digest has ended
    std::string left_behind_; // the name of the file that the destructor removes
};

} // namespace gateway::files
