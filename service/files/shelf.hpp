// The shelf: where files wait at the gateway to be posted, staged by a caller (POST /v1/files) or kept from
// an upload. A file belongs to the caller who brought it; others' files do not exist. All disk work runs on
// the blocking pool; a file is written under a temporary name (0600), synced, then renamed, and only then
// recorded, so nothing half-written is ever found. One shelf for all workers, thread-safe.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"
#include "settings/settings.hpp"
#include "store/records.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class blocking_pool;
}
namespace gateway::store {
class store;
}

namespace gateway::files {

/// A file on its way to the shelf. Dies without finish(): nothing remains of it, on disk or in the quota.
class writer {
public:
    virtual ~writer() = default;
    virtual task<result<void>> write(std::string_view piece, deadline until) = 0;
    /// What was written is all there is, whatever was announced, and the room for more is given back. Gives
    /// its bytes to read, which need the writer no more; finish() may still follow. Once.
    virtual task<result<std::unique_ptr<body_source>>> read_back(deadline until) = 0;
    /// Syncs, renames, records. Fails with malformed_request when less than announced was written.
    virtual task<result<store::file_record>> finish(std::string mimetype, wall_time now, deadline until) = 0;
};

class shelf {
public:
    /// Makes the directory (0700) where it is missing and removes temporary files of an earlier life; throws
    /// where it cannot write there: a start that must fail.
    shelf(store::store& store, blocking_pool& pool, const settings::files& settings);
    ~shelf();

    /// The whole body as a file of this caller. too_large beyond TikTok's 4 GiB, overloaded when the quota is
    /// full, and the failures of the body.
    task<result<store::file_record>> stage(caller_name caller, body_source& body, std::string mimetype,
                                           wall_time now, deadline until);
    /// For bytes that pass by and shall be kept, or that must be seen whole before they go on: room for
    /// `size_bytes` is reserved now. overloaded when the quota is full. Lives for `keep_hours` once finished.
    task<result<std::unique_ptr<writer>>> begin(caller_name caller, std::uint64_t size_bytes,
                                                std::uint32_t keep_hours, deadline until);
    /// no_such_file also for expired ones and those of others.
    task<result<store::file_record>> find(caller_name caller, file_id id, wall_time now, deadline until);
    task<result<std::unique_ptr<body_source>>> open(caller_name caller, file_id id, wall_time now,
                                                    deadline until);
    task<result<void>> remove(caller_name caller, file_id id, wall_time now, deadline until);
    /// Removes what has expired, and says how many; also, the first time, files of an earlier life that have
    /// no record. Called from time to time by main, one sweep at a time.
    task<result<std::size_t>> sweep(wall_time now, deadline until);

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::files
