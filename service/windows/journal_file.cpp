#include "windows/journal_file.hpp"

#include "base/descriptor.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

namespace gateway::windows {
namespace {

using limits::journal_parts;

bool read_words(int file, std::span<std::uint64_t> into, std::size_t first) {
    auto left = std::as_writable_bytes(into);
    auto at = static_cast<off_t>(first * sizeof(std::uint64_t));
    while (!left.empty()) {
        const auto got = ::pread(file, left.data(), left.size(), at);
        if (got <= 0) return false;
        left = left.subspan(static_cast<std::size_t>(got));
        at += got;
    }
    return true;
}

std::string text_of_error(int number) {
    return std::generic_category().message(number);
}

descriptor open_file(const std::string& path, int flags) {
    return descriptor{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600)};
}

/// On btrfs, which else takes new room for each page that is written again.
void write_in_place(int file) {
    int flags = 0;
    if (::ioctl(file, FS_IOC_GETFLAGS, &flags) != 0) return;
    flags |= FS_NOCOW_FL;
    static_cast<void>(::ioctl(file, FS_IOC_SETFLAGS, &flags));
}

void sync_folder_of(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    const descriptor it{::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (it.is_open()) ::fsync(it.number());
}

/// The next process must not take it for the whole truth.
void make_unreadable(const std::string& path) {
    const auto file = open_file(path, 0);
    const journal_header nothing{};
    [[maybe_unused]] const auto written =
        file.is_open() ? ::pwrite(file.number(), nothing.data(), sizeof nothing, 0) : 0;
}

} // namespace

std::uint32_t entries_for(unsigned workers) {
    constexpr std::uint32_t per_worker = 16 * 1024;
    return std::min(per_worker * std::bit_ceil(std::clamp(workers, 1U, 1024U)), entries_max);
}

void unmap::operator()(std::uint64_t* at) const {
    ::munmap(at, bytes);
}

struct journal_file::found {
    descriptor file;
    journal_header head{};
    bool is_whole = false;
};

std::span<std::uint64_t> journal_file::words() const {
    return {memory_.get(), memory_.get_deleter().bytes / sizeof(std::uint64_t)};
}

/// What the windows held goes to `journal_.remembered`.
journal_file::found journal_file::read(const journal_options& options, steady_time now) {
    found out;
    out.file = open_file(options.path, 0);
    if (!out.file.is_open() && errno == ENOENT) return out; // the first start
    limits::journal_reading how{now, options.window, std::nullopt};
    bool known = out.file.is_open() && read_words(out.file.number(), out.head, 0);
    if (!known || !is_readable(out.head)) {
        unknown_ = "it cannot be read";
        known = false;
    } else if (!is_of(out.head, options.boot)) {
        const auto ended = limits::open_journal_time(journal_magic, out.head[at_ended]);
        if (ended) how.ended_at = ended->at;
        known = ended.has_value();
        if (!known) unknown_ = "the machine ended while it was written";
    }
    std::vector<std::uint64_t> words(words_of_part(known ? out.head[at_entries] : 0));
    bool damaged = false;
    for (std::size_t part = 0; part < journal_parts; ++part) {
        limits::remembered_windows held;
        if (known && read_words(out.file.number(), words, header_words + part * words.size()))
            held = limits::read_journal_part(words, how);
        else
            held.damaged = true;
        if (held.damaged) held.is_full_until(now + options.window);
        damaged = damaged || held.damaged;
        journal_.remembered.push_back(std::move(held));
    }
    if (damaged && unknown_.empty()) unknown_ = "a part of it is damaged";
    struct stat facts {};
    out.is_whole = !damaged && ::fstat(out.file.number(), &facts) == 0
                   && static_cast<std::size_t>(facts.st_size) == bytes_of_journal(options.entries_per_part)
                   && out.head[at_entries] == options.entries_per_part && is_of(out.head, options.boot);
    return out;
}

/// Makes sure that each page has its room on the disk, and maps it.
bool journal_file::map(int file, std::size_t bytes) {
    if (const int wrong = ::posix_fallocate(file, 0, static_cast<off_t>(bytes)); wrong != 0) {
        trouble_ = text_of_error(wrong);
        return false;
    }
    void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) { // NOLINT(performance-no-int-to-ptr)
        trouble_ = text_of_error(errno);
        return false;
    }
    memory_ = {static_cast<std::uint64_t*>(at), unmap{bytes}};
    return true;
}

/// The usual start: nothing has to be written, since times and entries are what they were.
bool journal_file::go_on_with(const found& what, const journal_options& options, steady_time now) {
    if (!what.is_whole || !map(what.file.number(), bytes_of_journal(options.entries_per_part))) return false;
    const auto part_words = words_of_part(options.entries_per_part);
    for (std::size_t part = 0; part < journal_parts; ++part) {
        auto& at = journal_.parts.emplace_back(words().subspan(header_words + part * part_words, part_words),
                                               journal_.remembered[part]);
        if (journal_.remembered[part].has_open) at.close_open(now + options.window);
    }
    words()[at_ended] = 0;
    // Before the first call: after a loss of power the end of the earlier process must not be believed.
    static_cast<void>(::msync(memory_.get(), header_words * sizeof(std::uint64_t), MS_SYNC));
    return true;
}

/// Under another name first, so that a process that is killed meanwhile leaves the old one.
bool journal_file::make(const journal_options& options, steady_time now) {
    const std::string path = options.path + ".new";
    ::unlink(path.c_str());
    const auto file = open_file(path, O_CREAT | O_EXCL);
    if (!file.is_open()) {
        trouble_ = text_of_error(errno);
        return false;
    }
    write_in_place(file.number());
    bool made = map(file.number(), bytes_of_journal(options.entries_per_part));
    if (made) {
        const auto part_words = words_of_part(options.entries_per_part);
        for (std::size_t part = 0; part < journal_parts; ++part) {
            auto& at = journal_.parts.emplace_back(
                words().subspan(header_words + part * part_words, part_words), limits::remembered_windows{});
            if (part < journal_.remembered.size()) at.note_all(journal_.remembered[part], now);
        }
        std::ranges::copy(make_journal_header(options.entries_per_part, options.boot), words().begin());
        made = ::rename(path.c_str(), options.path.c_str()) == 0;
        if (!made) trouble_ = text_of_error(errno);
        sync_folder_of(options.path); // or the earlier file could be back after a loss of power
    }
    if (!made) {
        journal_.parts.clear();
        memory_.reset();
        ::unlink(path.c_str());
    }
    return made;
}

journal_file::journal_file(const journal_options& options, steady_time now) {
    const auto old = read(options, now);
    if (go_on_with(old, options, now) || make(options, now)) {
        trouble_.clear();
        return;
    }
    make_unreadable(options.path);
}

void journal_file::close(steady_time now) {
    if (!memory_) return;
    const auto bytes = memory_.get_deleter().bytes;
    // What was written before the end must be on the disk before the end is.
    if (::msync(memory_.get(), bytes, MS_SYNC) != 0) return;
    words()[at_ended] = limits::seal_journal_time(journal_magic, now, false);
    static_cast<void>(::msync(memory_.get(), header_words * sizeof(std::uint64_t), MS_SYNC));
}

} // namespace gateway::windows
