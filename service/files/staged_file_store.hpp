// Stores files at the gateway until they are posted: files staged by a caller (POST /v1/files) or kept from
// an upload. A file belongs to the caller who sent it; for other callers it does not exist. All disk work
// runs on the blocking pool. A file is written under a temporary name (0600), synced, then renamed, and only
// then recorded, so an incomplete file is never found. One object for all workers, thread-safe.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"
#include "store/files.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class blocking_pool;
}

namespace gateway::files {

/// A file that is being written. If it is destroyed without finish(), nothing of it remains, on disk or in
/// the quota.
class writer {
public:
    virtual ~writer() = default;
    virtual task<result<void>> write(std::string_view piece, deadline until) = 0;
    /// Ends writing: the bytes written so far are the whole file, whatever size was announced, and the rest
    /// of the reservation is released. Gives a source that reads them and does not need the writer; finish()
    /// may still follow. Call once.
    virtual task<result<std::unique_ptr<body_source>>> read_back(deadline until) = 0;
    /// Syncs, renames, records. Fails with malformed_request when less than announced was written.
    virtual task<result<store::file_record>> finish(std::string mimetype, wall_time now, deadline until) = 0;
};

class staged_file_store {
public:
    /// Creates the directory (0700) if it is missing and removes temporary files of earlier processes; throws
    /// if the directory is not writable, so that the start fails.
    staged_file_store(store::files& records, blocking_pool& pool, const settings::files& settings);
    ~staged_file_store();

    /// Stores the whole body as a file of this caller. Fails with too_large beyond TikTok's 4 GiB, overloaded
    /// when the quota is full, and the failures of the body.
    task<result<store::file_record>> stage(caller_name caller, body_source& body, std::string mimetype,
                                           wall_time now, deadline until);
    /// For bytes that are forwarded and also kept, or that must be complete before they are forwarded:
    /// reserves `size_bytes` now. Fails with overloaded when the quota is full. Once finished, the file is
    /// kept for `keep_hours`.
    task<result<std::unique_ptr<writer>>> begin(caller_name caller, std::uint64_t size_bytes,
                                                std::uint32_t keep_hours, deadline until);
    /// no_such_file also for expired ones and those of others.
    task<result<store::file_record>> find(caller_name caller, file_id id, wall_time now, deadline until);
    task<result<std::unique_ptr<body_source>>> open(caller_name caller, file_id id, wall_time now,
                                                    deadline until);
    task<result<void>> remove(caller_name caller, file_id id, wall_time now, deadline until);
    /// Removes expired files and gives their number; the first time also removes files of earlier processes
    /// that have no record. Called periodically by the service, one sweep at a time.
    task<result<std::size_t>> sweep(wall_time now, deadline until);

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::files
