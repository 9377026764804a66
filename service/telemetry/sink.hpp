// Turns facts into metrics and log lines (docs/contract.md §8). Other layers fill a call_record or call an
// observer and do not use Prometheus. Label values come from closed sets given at the start, so the number of
// series is bounded whatever the traffic (docs/promises.md G05). Made by the service, outlives everything
// that reports; any thread may scrape.
#pragma once
#include "base/clock.hpp"
#include "telemetry/log_line.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/recorder.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::telemetry {

/// The closed sets of labels; the texts have static lifetime.
struct label_sets {
    std::vector<std::string_view> actions;   // slugs of the table
    std::vector<std::string_view> endpoints; // of tiktok::endpoints
    std::vector<std::string_view> refresh_results;
    std::vector<std::string_view> login_results = {};
};

/// One value read at scrape time, with its labels.
struct sample {
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
};
using reader = std::function<std::vector<sample>()>;

class sink {
public:
    sink(label_sets labels, log_queue& lines, level least, unsigned workers);
    ~sink();
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;

    /// Use only on that worker's thread.
    recorder& of_worker(unsigned index) { return *recorders_[index]; }

    /// Log lines left out since the start, for calls without a valid key and for refused connections; any
    /// thread.
    std::uint64_t keys_untold() const { return untold(&recorder::without_key_); }
    std::uint64_t connections_untold() const { return untold(&recorder::without_room_); }

    /// Counts a token refresh by its result; any thread.
    void refresh_ended(std::string_view result, milliseconds took);

    /// Counts the end of a login; any thread.
    void login_ended(std::string_view result);

    /// A gauge whose value is kept elsewhere: `read` is called at each scrape, on the scraping thread, and
    /// must not block. Only before the first scrape. `name` has no prefix tiktok_gateway_.
    void add_gauge(std::string name, std::string help, reader read);
    void add_counter(std::string name, std::string help, reader read);

    /// All metrics in Prometheus' text format 0.0.4.
    std::string scrape() const;

    bool logs(level l) const { return l >= least_.load(std::memory_order_relaxed); }
    void change_level(level least) { least_.store(least, std::memory_order_relaxed); }
    /// Logs an event of the service itself.
    void log(level l, std::string_view event, const std::vector<member>& members = {});

private:
    friend class recorder;
    struct source {
        std::string name, help;
        bool is_counter;
        reader read;
    };
    struct families; // the metric families that scrape() builds

    std::uint64_t untold(recorder::few_lines recorder::*which) const;
    std::size_t action_index(std::string_view action) const;
    std::size_t status_index(int status) const;
    std::size_t endpoint_index(std::string_view endpoint) const;
    std::size_t outcome_index(std::string_view outcome) const;
    /// The code's number, the same for all workers, and its name as stored here; `other` when there are too
    /// many.
    std::pair<std::size_t, std::string_view> learn_code(std::string_view code);
    void push_line(std::string_view line, sharer by) { lines_.push(line, by); }

    label_sets labels_;
    std::vector<int> statuses_;
    log_queue& lines_;
    std::atomic<level> least_;
    std::vector<std::unique_ptr<recorder>> recorders_;
    std::vector<source> sources_;

    mutable std::mutex codes_mutex_;
    std::vector<std::unique_ptr<std::string>>
        codes_; // codes seen so far; pointers, so that the texts never move

    mutable std::mutex logins_mutex_;
    std::vector<std::uint64_t> logins_; // indexed by login_results; the last is `other`

    mutable std::mutex refresh_mutex_;
    std::vector<std::uint64_t> refreshes_; // indexed by refresh_results; the last is `other`
    histogram_cells refresh_times_;
};

} // namespace gateway::telemetry
