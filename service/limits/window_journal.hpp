// What counts in windows, written down call by call into memory that outlives the process, so that the next
// one goes on with it however this one ended (docs/decisions/0014-a-journal-of-windows.md). One part for each
// shard of a window_table, written under its lock. Pure: whoever gives the memory decides what keeps it
// (windows/journal_file.hpp maps a file).
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gateway::limits {

/// The shards of a window_table.
inline constexpr std::size_t journal_parts = 64;

/// A window's name in the journal, which has no users' names.
inline std::uint64_t journal_key(std::size_t hash, std::uint8_t kind) {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
    return hash ^ ((kind + std::uint64_t{1}) * odd);
}

/// A slot that is not free before `until`, or (`closes`) a window that TikTok has closed until then.
struct journal_entry {
    std::uint64_t key = 0;
    steady_time until{};
    bool closes = false;
};

/// What one part held when the process before ended.
struct remembered_windows {
    std::vector<journal_entry> entries; // sorted by key
    steady_time full_until{};           // every window is full: it is not known what they hold
    steady_time until{};                // nothing is later
    std::uint32_t in_use = 1;           // no entry is behind it
    std::uint32_t next = 1;             // behind the newest one, where the oldest ones are
    bool damaged = false;
    bool has_open = false; // calls that nobody will settle, see journal_part::close_open()

    void is_full_until(steady_time at);
};

/// How the times in a journal are to be read now.
struct journal_reading {
    steady_time now;
    milliseconds window; // no slot counts longer than from now on: the process that took it has ended
    /// Of the process before, if its clock was another one (another boot). No time is taken to have passed
    /// since, because nothing that can be trusted has measured it.
    std::optional<steady_time> ended_at;
};

/// Reads a part. Bytes that nobody can have written so make all its windows full for `window`.
remembered_windows read_journal_part(std::span<const std::uint64_t> words, const journal_reading& how);

/// A time and a mark in one word; the rest of it is a check over both and the key. Never 0.
std::uint64_t seal_journal_time(std::uint64_t key, steady_time at, bool mark);
/// Nothing: not made by seal_journal_time() with this key.
struct journal_time {
    steady_time at;
    bool mark;
};
std::optional<journal_time> open_journal_time(std::uint64_t key, std::uint64_t word);

/// Writes one part: entries of two words each, in turn over those whose time is past. It begins with a few
/// and goes on into fresh memory only when all of them count. If none is left, the oldest is lost, and it is
/// written down that every window is full until that one would have been free.
class journal_part {
public:
    journal_part() = default; // writes nothing
    /// All of `words` is zero but what read_journal_part() has found there. They outlive it.
    journal_part(std::span<std::uint64_t> words, const remembered_windows& found);

    /// A slot is taken, or its time is known before its end. Gives the number of the entry.
    std::uint32_t note(std::uint64_t key, steady_time until, steady_time now);
    /// The same for a window that TikTok has closed.
    void note_closed(std::uint64_t key, steady_time until);
    /// The slot is free at another time.
    void change(std::uint32_t entry, std::uint64_t key, steady_time until);
    /// The slot is free at once.
    void clear(std::uint32_t entry, std::uint64_t key);
    /// Every window is full until then.
    void note_full(steady_time until);
    /// Of calls that were in flight when the process before ended: their slots are free by then.
    void close_open(steady_time until);
    /// Takes over what another journal held.
    void note_all(const remembered_windows& from, steady_time now);

private:
    std::uint32_t free_entry();
    std::uint32_t write(std::uint64_t key, steady_time until, bool closes);

    std::span<std::uint64_t> words_;
    std::uint32_t size_ = 0; // entries; the first one is for note_full()
    std::uint32_t used_ = 0; // those in turn
    std::uint32_t next_ = 1;
    std::int64_t now_ms_ = 0;
};

/// For window_table: one of each for every shard, or none.
struct window_journal {
    std::vector<journal_part> parts;
    std::vector<remembered_windows> remembered;
};

} // namespace gateway::limits
