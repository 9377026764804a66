// The files of a spool (pair_spool.hpp): each is locked by the process that works on it, so that replicas can
// share the folder. It outlives the process as soon as it is written, and the machine once it has its final
// name. The folder is opened anew for each step, so that one that is made or mounted later is found. Blocks;
// any thread. Reasons of failures are for the log and hold no names of users.
#pragma once
#include "base/descriptor.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::vault {

class spool_folder {
public:
    explicit spool_folder(std::string path) : path_(std::move(path)) {}

    /// Makes the folder, 0700, if it is missing.
    result<void> prepare() const;
    /// Not yet synced; locked until the descriptor is closed.
    result<descriptor> write(const std::string& name, std::string_view bytes) const;
    /// Syncs a file, gives it its final name, which is `name` from then on, and syncs the folder.
    result<void> make_durable(const descriptor& file, std::string& name) const;
    struct locked_file {
        descriptor lock;
        std::string bytes;
    };
    /// Nothing: it is gone, or another process works on it. On a file system without locks that is assumed of
    /// a file which is not ten minutes old.
    result<std::optional<locked_file>> lock(const std::string& name) const;
    /// One with its final name is durably gone on return.
    result<void> remove(const std::string& name) const;
    /// Also of files that were not synced.
    result<std::vector<std::string>> names() const;

private:
    result<descriptor> open() const;

    std::string path_;
};

/// A name for a new file, before it is synced.
std::string new_spool_name();
bool is_final_spool_name(std::string_view name);

} // namespace gateway::vault
