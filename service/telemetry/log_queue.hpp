// Writes log lines: a bounded buffer and one thread that writes it to a file descriptor. Lossy by design: a
// full disk or a stuck or closed pipe (EPIPE) loses lines, which are counted, and never delays or fails a
// call (docs/promises.md G08, P08). Made by the service before everything that logs; any thread may push.
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gateway::telemetry {

enum class level : std::uint8_t { debug, info, warn, error };
std::string_view name_of(level l);
/// The setting `log.level`; anything else is `info`.
level level_of(std::string_view name);

class log_queue {
public:
    static constexpr std::size_t default_bytes_max = 4 << 20;

    /// Writes to `descriptor`, which it does not own.
    explicit log_queue(int descriptor, std::size_t bytes_max = default_bytes_max);
    /// Writes the remaining lines, for at most one second.
    ~log_queue();
    log_queue(const log_queue&) = delete;
    log_queue& operator=(const log_queue&) = delete;

    /// Adds one line, given without its line break. Never waits for the descriptor.
    void push(std::string_view line);
    /// Waits until everything pushed so far is written or lost, or `wait` has passed.
    void flush(milliseconds wait);
    /// Lines that did not fit into the buffer or could not be written.
    std::uint64_t dropped_lines() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::telemetry
