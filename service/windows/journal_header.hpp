// The first page of a journal of windows: of which boot, how large, whether it was closed. Pure but for
// this_boot(), which reads a file of the kernel. For journal_file.cpp.
#pragma once
#include "limits/window_journal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace gateway::windows {

/// Names the boot of the machine, whose steady clock the times are of; zero: unknown, so never the same.
using boot_name = std::array<std::uint64_t, 2>;
boot_name this_boot();

// The first page, in words; what follows are the parts.
inline constexpr std::size_t header_words = 512;
inline constexpr std::size_t at_magic = 0, at_entries = 1, at_parts = 2, at_hash = 3, at_boot = 4,
                             at_check = 6;
/// The time of an orderly end, sealed with the magic; 0: in use.
inline constexpr std::size_t at_ended = 7;
inline constexpr std::uint64_t journal_magic = 0x31'77'6E'64'77'67'6B'74; // "tkgwndw1"
inline constexpr std::uint32_t entries_max = 256 * 1024;

using journal_header = std::array<std::uint64_t, at_ended + 1>;

journal_header make_journal_header(std::uint32_t entries_per_part, const boot_name& boot);
/// Whether its parts can be read by this program, whatever their size and boot.
bool is_readable(const journal_header& found);
bool is_of(const journal_header& found, const boot_name& boot);

constexpr std::size_t words_of_part(std::uint64_t entries) {
    return 2 * static_cast<std::size_t>(entries);
}
constexpr std::size_t bytes_of_journal(std::uint64_t entries) {
    return (header_words + limits::journal_parts * words_of_part(entries)) * sizeof(std::uint64_t);
}

} // namespace gateway::windows
