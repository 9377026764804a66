// The counters of one worker. Written only from that worker's thread, without a lock and without a lookup by
// text; read by the sink at each scrape from another thread, hence the relaxed atomics. Owned by the sink.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "telemetry/call_record.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::telemetry {

class sink;

/// Upper bounds in seconds of every duration histogram; the last bucket has none.
inline constexpr std::array<double, 12> duration_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                        0.5,   1,    2.5,   5,    10,  30};

/// The outcomes of post_ended(); the last is for anything else.
inline constexpr std::array<std::string_view, 5> post_outcomes{"begun", "accepted", "failed",
                                                               "outcome_unknown", "other"};

/// A counter with one writer.
class cell {
public:
    void add(std::uint64_t more) { value_.store(value() + more, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Counters by two labels.
class cell_table {
public:
    cell_table(std::size_t rows, std::size_t columns)
        : columns_(columns), cells_(std::make_unique<cell[]>(rows * columns)) {}
    cell& at(std::size_t row, std::size_t column) const { return cells_[row * columns_ + column]; }

private:
    std::size_t columns_;
    std::unique_ptr<cell[]> cells_;
};

struct histogram_cells {
    std::array<cell, duration_bounds.size() + 1> buckets;
    cell sum_us;
    void observe(std::chrono::microseconds took);
};

class recorder {
public:
    recorder(sink& all, std::size_t actions, std::size_t statuses, std::size_t endpoints);

    /// The end of a call: its metrics and its log line.
    void call_ended(const call_record& call, steady_time now, wall_time wall);

    // What user_api/ and posts/ report; labels that are not in the closed sets count as `other`.
    void upstream_call(std::string_view endpoint, std::string_view code, milliseconds took);
    void rate_limited(limit_scope scope, std::string_view endpoint);
    void uploaded(std::uint64_t bytes) { bytes_out_.add(bytes); }
    void uploads_in_flight(int change) {
        uploads_in_flight_.store(uploads_in_flight_.load(std::memory_order_relaxed) + change,
                                 std::memory_order_relaxed);
    }
    void post_ended(std::string_view outcome);

private:
    friend class sink;
    static constexpr std::size_t codes_max = 64, scopes = 5;

    std::size_t code_index(std::string_view code);
    /// Limits log lines that anyone can cause at any rate to a few a second and counts the rest: for calls
    /// without a valid key, and for connections refused for lack of room.
    struct few_lines {
        steady_time since; // the second in which `told` lines were written
        std::uint32_t told = 0;
        cell untold;
        bool has_room(steady_time now);
    };
    bool has_room_for_line(const call_record& call, steady_time now);

    sink& all_;
    cell_table requests_;                         // by action and status
    std::vector<histogram_cells> request_times_;  // by action
    cell_table upstream_;                         // by endpoint and code
    std::vector<histogram_cells> upstream_times_; // by endpoint
    cell_table limited_;                          // by scope and endpoint
    std::array<cell, post_outcomes.size()> posts_;
    cell replays_, undurable_, bytes_in_, bytes_out_;
    std::atomic<std::int64_t> uploads_in_flight_{0};
    std::array<std::string_view, codes_max> known_codes_; // with the sink's numbers; this thread's copy
    std::string line_;
    few_lines without_key_, without_room_;
};

} // namespace gateway::telemetry
