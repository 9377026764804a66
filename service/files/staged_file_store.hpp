// Stores files at the gateway until they are posted: files staged by a caller (POST /v1/files) or kept from
// an upload. A file belongs to the caller who sent it; for other callers it does not exist. All disk work
// runs on the blocking pool. A file is written under a temporary name (0600), synced, then renamed, and only
// then recorded, so an incomplete file is never found. One object for all workers, thread-safe.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "files/file_room.hpp"
#include "files/file_writer.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gateway::files {

/// Also of a file that has expired, or is another caller's.
failure no_such_file();

class staged_file_store {
public:
    /// Creates the directory (0700) if it is missing and removes temporary files that no process is writing
    /// any more; throws if the directory is not writable or other users may look into it, so that the start
    /// fails. Other replicas may be using the same directory (docs/promises.md K10). `report`: who is told of
    /// files that are not what was stored; any thread. `memory`: for the bytes of files that are being
    /// written. It and `callers` outlive it.
    staged_file_store(store::files& records, blocking_pool& pool, limits::shared_bytes& memory,
                      const settings::files& settings, const caller_count& callers,
                      damage_log::reporter report = {});

    /// Stores the whole body as a file of this caller. Fails with too_large beyond TikTok's 4 GiB, overloaded
    /// when the room for files is used up, and the failures of the body.
    task<result<store::file_record>> stage(caller_name caller, body_source& body, std::string mimetype,
                                           wall_time now, deadline until);
    /// For bytes that are forwarded and also kept, or that must be complete before they are forwarded. Fails
    /// with overloaded if `size_bytes` find no room now, which count as they are written, or if there is no
    /// memory. Once finished, the file is kept for `keep_hours`.
    task<result<std::unique_ptr<file_writer>>> begin(caller_name caller, std::uint64_t size_bytes,
                                                     std::uint32_t keep_hours, deadline until);
    /// no_such_file also for expired ones and those of others.
    task<result<store::file_record>> find(caller_name caller, file_id id, wall_time now, deadline until);
    task<result<std::unique_ptr<body_source>>> open(caller_name caller, file_id id, wall_time now,
                                                    deadline until);
    task<result<void>> remove(caller_name caller, file_id id, wall_time now, deadline until);
    /// Removes expired files and gives their number. Also removes what processes that have ended left behind:
    /// temporary files, and files from before this start that have no record. Called periodically by the
    /// service, one sweep at a time.
    task<result<std::size_t>> sweep(wall_time now, deadline until);
    /// Files that were not what was stored, since the start; any thread.
    std::uint64_t damaged() const { return damages_.count(); }

private:
    task<result<std::unique_ptr<file_writer>>> begin(new_file what, deadline until);
    task<result<void>> remove_abandoned();
    task<result<void>> remove_unrecorded(deadline until);
    task<result<void>> remove_from_disk(file_id id, sharer by);
    task<result<descriptor>> open_on_disk(const store::file_record& record, sharer by);

    store::files& records_;
    blocking_pool& pool_;
    limits::shared_bytes& memory_;
    const folder place_;
    damage_log damages_;
    const std::uint32_t keep_hours_;
    file_room room_;
    std::vector<file_id> unproven_; // existed at the start, perhaps without a record; for sweep() only
};

} // namespace gateway::files
