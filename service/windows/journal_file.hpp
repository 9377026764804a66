// The file beside a SQLite database in which this process writes what counts in TikTok's windows
// (limits/window_journal.hpp; docs/promises.md L06): mapped into memory, so that a call costs no system call
// and nothing is lost by a SIGKILL. It is allocated whole when it is made, so that a full disk cannot fail a
// write into memory, which would end the process. Owned by the service; opened and closed by the main thread.
#pragma once
#include "base/clock.hpp"
#include "limits/window_journal.hpp"
#include "windows/journal_header.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace gateway::windows {

struct journal_options {
    std::string path;
    std::uint32_t entries_per_part = 16 * 1024;
    milliseconds window{60'000};
    boot_name boot{};
};
/// Enough for what this many workers can send in a minute and ten seconds: 16 MiB each.
std::uint32_t entries_for(unsigned workers);

struct unmap {
    std::size_t bytes;
    void operator()(std::uint64_t* at) const;
};

class journal_file {
public:
    journal_file() = default; // nothing is written down
    /// Reads the journal of the process before, and goes on with it or makes a new one. Never throws for
    /// what is on the disk, see below.
    journal_file(const journal_options& options, steady_time now);

    /// For the window_table, which this outlives. Once.
    limits::window_journal take() { return std::move(journal_); }
    /// Why the windows are not written down; empty: they are.
    const std::string& trouble() const { return trouble_; }
    /// Why it is not known what the windows held, so that all are full for now; empty: it is known, or there
    /// was no journal.
    const std::string& unknown() const { return unknown_; }
    /// The process ends in order; nothing is written any more. On another boot only what was closed counts,
    /// because what the kernel had not written yet is lost with the machine.
    void close(steady_time now);

private:
    struct found;

    found read(const journal_options& options, steady_time now);
    bool go_on_with(const found& what, const journal_options& options, steady_time now);
    bool make(const journal_options& options, steady_time now);
    bool map(int file, std::size_t bytes);
    std::span<std::uint64_t> words() const;

    std::unique_ptr<std::uint64_t, unmap> memory_;
    limits::window_journal journal_;
    std::string trouble_, unknown_;
};

} // namespace gateway::windows
