// A file that is being written, under a temporary name until it is complete and synced. If it is destroyed
// without finish(), nothing of it remains, on disk or in the quota.
#pragma once
#include "base/byte_budget.hpp"
#include "base/digest.hpp"
#include "files/disk.hpp"
#include "runtime/body_source.hpp"
#include "store/files.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class blocking_pool;
}

namespace gateway::files {

/// Small pieces are collected to this size before a write.
inline constexpr std::size_t write_bytes = 256 * 1024;
inline constexpr std::string_view temporary_suffix = ".part";

struct new_file {
    std::string directory;
    file_id id;
    caller_name caller;
    std::uint64_t size_bytes = 0;
    seconds lifetime{0};
};

class file_writer {
public:
    file_writer(store::files& records, blocking_pool& pool, new_file what, byte_budget::permit room,
                descriptor file);
    ~file_writer();

    task<result<void>> write(std::string_view piece, deadline until);
    /// Ends writing: the bytes written so far are the whole file, whatever size was announced, and the rest
    /// of the reservation is released. Gives a source that reads them and does not need the writer; finish()
    /// may still follow. Call once.
    task<result<std::unique_ptr<body_source>>> read_back(deadline until);
    /// Syncs, renames, records. Fails with malformed_request when less than announced was written.
    task<result<store::file_record>> finish(std::string mimetype, wall_time now, deadline until);

private:
    task<result<void>> flush();
    std::string final_path() const { return what_.directory + "/" + what_.id.text(); }
    std::string temporary_path() const { return final_path() + std::string(temporary_suffix); }

    store::files& records_;
    blocking_pool& pool_;
    new_file what_;
    byte_budget::permit room_;
    descriptor file_;
    std::string gathered_;
    std::uint64_t written_ = 0;
    sha256_stream digest_;
    std::string left_behind_; // the file that the destructor removes
};

} // namespace gateway::files
