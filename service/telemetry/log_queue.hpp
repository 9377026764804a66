// Where log lines go: a bounded buffer and one thread that writes it to a file descriptor. Lossy by design: a
// full disk, a stuck or closed pipe (EPIPE) costs lines, which are counted, and never a call
// (failure-catalogue G08, P08). Made by main before everything that logs; any thread may push.
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway::telemetry {

enum class level : std::uint8_t { debug, info, warn, error };
std::string_view name_of(level l);
/// The setting `log.level`; anything else is `info`.
level level_of(std::string_view name);

class log_queue {
public:
    static constexpr std::size_t default_bytes_max = 4 << 20;

    /// Writes to `descriptor`, which stays its owner's.
    explicit log_queue(int descriptor, std::size_t bytes_max = default_bytes_max);
    /// Writes what is left, for at most a second.
    ~log_queue();
    log_queue(const log_queue&) = delete;
    log_queue& operator=(const log_queue&) = delete;

    /// One line without its end. Never waits for the descriptor.
    void push(std::string_view line);
    /// Until everything pushed so far is written or lost, or the time is over.
    void flush(milliseconds wait);
    /// Lines that found no room, or whose write failed.
    std::uint64_t dropped_lines() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::telemetry
