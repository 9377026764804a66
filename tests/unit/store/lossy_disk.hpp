// A simulated disk under SQLite that keeps only synced data for certain: a VFS of this process, the default
// one while this object exists. Files work as usual; image() gives the state after a power failure at this
// moment.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace gateway::testing {

class lossy_disk {
public:
    lossy_disk();
    ~lossy_disk(); // all files must be closed
    lossy_disk(const lossy_disk&) = delete;
    lossy_disk& operator=(const lossy_disk&) = delete;

    enum class unsynced { lost, by_chance }; // by_chance: each write is kept, partly kept, or lost
    /// Writes the files of `from` to `to` as they would be after a power failure.
    void image(const std::filesystem::path& from, const std::filesystem::path& to, unsynced what,
               std::mt19937& dice);

    /// Whether the disk is full; any thread.
    std::atomic<bool> is_full{false};

    struct change {
        std::int64_t at = 0;
        std::string bytes;
        bool truncates = false; // to `at`
    };
    // For the VFS: called under the lock, when the real file is changed.
    void opened(const std::string& path);
    void changed(const std::string& path, change what);
    void synced(const std::string& path);
    std::size_t syncs = 0; // so far, of all files
    void deleted(const std::string& path);
    sqlite3_vfs& below() const { return *below_; }
    std::mutex lock;

private:
    struct file {
        std::string durable;
        std::vector<change> since;
    };
    static void apply(std::string& content, const change& what);

    sqlite3_vfs* below_;
    std::unique_ptr<sqlite3_vfs> layer_;
    std::map<std::string, file> files_;
};

} // namespace gateway::testing
