#include "unit/store/lossy_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace gateway::testing {
namespace {

lossy_disk& disk_of(sqlite3_vfs* layer) {
    return *static_cast<lossy_disk*>(layer->pAppData);
}

/// Allocated by SQLite: this struct, followed by the memory of the layer below.
struct layered_file : sqlite3_file {
    lossy_disk* disk;
    std::string path;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
layered_file& of(sqlite3_file* file) {
    return *static_cast<layered_file*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return of(file).real();
}

int close_file(sqlite3_file* file) {
    const int code = real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK;
    std::destroy_at(&of(file).path);
    return code;
}
int read_file(sqlite3_file* file, void* to, int bytes, sqlite3_int64 at) {
    return real(file)->pMethods->xRead(real(file), to, bytes, at);
}
int write_file(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
    const std::lock_guard guard(of(file).disk->lock);
    if (of(file).disk->is_full) return SQLITE_FULL;
    const int code = real(file)->pMethods->xWrite(real(file), from, bytes, at);
    lossy_disk::change what{at, std::string(static_cast<const char*>(from), static_cast<std::size_t>(bytes))};
    if (code == SQLITE_OK) of(file).disk->changed(of(file).path, std::move(what));
    return code;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    const std::lock_guard guard(of(file).disk->lock);
    const int code = real(file)->pMethods->xTruncate(real(file), size);
    if (code == SQLITE_OK) of(file).disk->changed(of(file).path, {size, {}, true});
    return code;
}
int sync_file(sqlite3_file* file, int flags) {
    const std::lock_guard guard(of(file).disk->lock);
    const int code = real(file)->pMethods->xSync(real(file), flags);
    if (code == SQLITE_OK) of(file).disk->synced(of(file).path);
    return code;
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int how) {
    return real(file)->pMethods->xLock(real(file), how);
}
int unlock_file(sqlite3_file* file, int how) {
    return real(file)->pMethods->xUnlock(real(file), how);
}
int reserved_lock(sqlite3_file* file, int* is) {
    return real(file)->pMethods->xCheckReservedLock(real(file), is);
}
int control(sqlite3_file* file, int what, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int sector_size(sqlite3_file* file) {
    return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* /*file*/) {
    return 0; // no guarantees: no atomic writes, no order
}
int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void barrier(sqlite3_file* file) {
    real(file)->pMethods->xShmBarrier(real(file));
}
int unmap_shared(sqlite3_file* file, int erase) {
    return real(file)->pMethods->xShmUnmap(real(file), erase);
}

const sqlite3_io_methods methods{2,         close_file,   read_file,       write_file,  truncate_file,
                                 sync_file, size_of_file, lock_file,       unlock_file, reserved_lock,
                                 control,   sector_size,  characteristics, map_shared,  lock_shared,
                                 barrier,   unmap_shared, nullptr,         nullptr};

int open_file(sqlite3_vfs* layer, const char* path, sqlite3_file* file, int flags, int* flags_out) {
    auto& disk = disk_of(layer);
    const std::lock_guard guard(disk.lock);
    auto& made = of(file);
    made.pMethods = nullptr;
    made.disk = &disk;
    const int code = disk.below().xOpen(&disk.below(), path, made.real(), flags, flags_out);
    if (code != SQLITE_OK) return code;
    std::construct_at(&made.path, path ? path : "");
    made.pMethods = &methods;
    disk.opened(made.path);
    return code;
}
int delete_file(sqlite3_vfs* layer, const char* path, int sync_folder) {
    auto& disk = disk_of(layer);
    const std::lock_guard guard(disk.lock);
    disk.deleted(path);
    return disk.below().xDelete(&disk.below(), path, sync_folder);
}

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

lossy_disk::lossy_disk() : below_(sqlite3_vfs_find(nullptr)), layer_(std::make_unique<sqlite3_vfs>(*below_)) {
    layer_->szOsFile = static_cast<int>(sizeof(layered_file)) + below_->szOsFile;
    layer_->zName = "lossy-disk";
    layer_->pAppData = this;
    layer_->pNext = nullptr;
    layer_->xOpen = open_file;
    layer_->xDelete = delete_file;
    sqlite3_vfs_register(layer_.get(), 1);
}

lossy_disk::~lossy_disk() {
    sqlite3_vfs_register(below_, 1);
    sqlite3_vfs_unregister(layer_.get());
}

void lossy_disk::opened(const std::string& path) {
    if (!path.empty() && !files_.contains(path)) files_[path].durable = content_of(path);
}
void lossy_disk::changed(const std::string& path, change what) {
    files_[path].since.push_back(std::move(what));
}
void lossy_disk::synced(const std::string& path) {
    ++syncs;
    auto& one = files_[path];
    for (const auto& each : one.since)
        apply(one.durable, each);
    one.since.clear();
}
void lossy_disk::deleted(const std::string& path) {
    files_.erase(path);
}

void lossy_disk::apply(std::string& content, const change& what) {
    const auto at = static_cast<std::size_t>(what.at);
    if (what.truncates) {
        content.resize(at, '\0');
        return;
    }
    if (content.size() < at + what.bytes.size()) content.resize(at + what.bytes.size(), '\0');
    content.replace(at, what.bytes.size(), what.bytes);
}

void lossy_disk::image(const std::filesystem::path& from, const std::filesystem::path& to, unsynced what,
                       std::mt19937& dice) {
    const std::lock_guard guard(lock);
    std::filesystem::create_directories(to);
    for (const auto& [path, one] : files_) {
        const std::filesystem::path here(path);
        if (here.parent_path() != from) continue;
        std::string content = one.durable;
        for (auto each : one.since) {
            const auto chance = dice() % 3;
            if (what == unsynced::lost || chance == 0) continue;
            if (chance == 1 && !each.truncates) each.bytes.resize(dice() % (each.bytes.size() + 1));
            apply(content, each);
        }
        std::ofstream(to / here.filename(), std::ios::binary) << content;
        std::filesystem::permissions(
            to / here.filename(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
}

} // namespace gateway::testing
