// The only file that uses Prometheus: adds up the workers' counters and writes them in the text format.
#include "telemetry/sink.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <functional>
#include <limits>

namespace gateway::telemetry {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using label_list = std::vector<std::pair<std::string_view, std::string_view>>;

ClientMetric labelled(const label_list& labels) {
    ClientMetric metric;
    for (const auto& [name, value] : labels)
        metric.label.push_back({std::string(name), std::string(value)});
    return metric;
}

void add_count(MetricFamily& to, const label_list& labels, std::uint64_t count) {
    ClientMetric metric = labelled(labels);
    metric.counter.value = static_cast<double>(count);
    to.metric.push_back(std::move(metric));
}

/// Adds one histogram per label set from the cells of all workers.
void add_histogram(MetricFamily& to, const label_list& labels,
                   const std::vector<const histogram_cells*>& parts) {
    ClientMetric metric = labelled(labels);
    std::uint64_t so_far = 0, sum_us = 0;
    for (const auto* part : parts)
        sum_us += part->sum_us.value();
    for (std::size_t at = 0; at <= duration_bounds.size(); ++at) {
        for (const auto* part : parts)
            so_far += part->buckets[at].value();
        const double bound =
            at < duration_bounds.size() ? duration_bounds[at] : std::numeric_limits<double>::infinity();
        metric.histogram.bucket.push_back({so_far, bound});
    }
    if (so_far == 0) return;
    metric.histogram.sample_count = so_far;
    metric.histogram.sample_sum = static_cast<double>(sum_us) / 1e6;
    to.metric.push_back(std::move(metric));
}

} // namespace

struct sink::families {
    /// A label and the values it may have.
    struct axis {
        std::string_view label;
        std::vector<std::string_view> values;
    };

    const sink& of;
    std::vector<MetricFamily> list{};

    MetricFamily& add(std::string_view name, std::string_view help, MetricType type) {
        list.push_back({"tiktok_gateway_" + std::string(name), std::string(help), type, {}});
        return list.back();
    }
    void add_gauge(std::string_view name, std::string_view help, const label_list& labels, double value) {
        ClientMetric metric = labelled(labels);
        metric.gauge.value = value;
        add(name, help, MetricType::Gauge).metric.push_back(std::move(metric));
    }
    /// `cell_of` gives a worker's counter.
    template <class Cell>
    std::uint64_t sum(Cell cell_of) const {
        std::uint64_t total = 0;
        for (const auto& one : of.recorders_)
            total += std::invoke(cell_of, *one).value();
        return total;
    }
    /// A counter for each pair of values that has counted anything.
    void add_counters(std::string_view name, std::string_view help, const axis& rows, const axis& columns,
                      cell_table recorder::*cells) {
        auto& to = add(name, help, MetricType::Counter);
        for (std::size_t row = 0; row < rows.values.size(); ++row)
            for (std::size_t column = 0; column < columns.values.size(); ++column) {
                const auto count =
                    sum([&](const recorder& r) -> const cell& { return (r.*cells).at(row, column); });
                if (count > 0)
                    add_count(to, {{rows.label, rows.values[row]}, {columns.label, columns.values[column]}},
                              count);
            }
    }
    /// A histogram for each value.
    void add_times(std::string_view name, std::string_view help, const axis& rows,
                   std::vector<histogram_cells> recorder::*times) {
        auto& to = add(name, help, MetricType::Histogram);
        for (std::size_t row = 0; row < rows.values.size(); ++row) {
            std::vector<const histogram_cells*> parts;
            for (const auto& one : of.recorders_)
                parts.push_back(&((*one).*times)[row]);
            add_histogram(to, {{rows.label, rows.values[row]}}, parts);
        }
    }

    void calls() {
        std::vector<std::string> texts;
        for (const int status : of.statuses_)
            texts.push_back(std::to_string(status));
        const axis actions{"action", of.labels_.actions}, statuses{"status", {texts.begin(), texts.end()}};
        add_counters("requests_total", "Calls answered.", actions, statuses, &recorder::requests_);
        add_times("request_duration_seconds", "From the first byte of a call to its answer.", actions,
                  &recorder::request_times_);
    }

    void upstream() {
        const axis endpoints{"endpoint", of.labels_.endpoints};
        axis codes{"code", {}}, scopes{"limit_scope", {}};
        {
            const std::lock_guard lock(of.codes_mutex_);
            for (const auto& code : of.codes_)
                codes.values.push_back(*code);
        }
        for (std::size_t scope = 0; scope < recorder::scopes; ++scope)
            scopes.values.push_back(name_of(static_cast<limit_scope>(scope)));
        add_counters("upstream_requests_total", "Calls to TikTok, by its answer.", endpoints, codes,
                     &recorder::upstream_);
        add_times("upstream_duration_seconds", "What TikTok took to answer.", endpoints,
                  &recorder::upstream_times_);
        add_counters("rate_limited_total", "Calls refused by a limit, by whose it was.", scopes, endpoints,
                     &recorder::limited_);
    }

    void posts() {
        auto& posts = add("posts_total", "Attempts to post, by outcome; accepted: TikTok has all of it.",
                          MetricType::Counter);
        for (std::size_t at = 0; at < post_outcomes.size(); ++at) {
            const auto count = sum([&](const recorder& r) -> const cell& { return r.posts_[at]; });
            if (count > 0 || post_outcomes[at] != "other")
                add_count(posts, {{"outcome", post_outcomes[at]}}, count);
        }
        auto& bytes = add("upload_bytes_total", "Bytes of bodies: in from callers, out to TikTok.",
                          MetricType::Counter);
        add_count(bytes, {{"direction", "in"}}, sum(&recorder::bytes_in_));
        add_count(bytes, {{"direction", "out"}}, sum(&recorder::bytes_out_));
        add_count(add("idempotent_replays_total", "Answers given again for an Idempotency-Key.",
                      MetricType::Counter),
                  {}, sum(&recorder::replays_));
        add_count(add("undurable_answers_total",
                      "Answers of writes that were given before their outcome could be stored.",
                      MetricType::Counter),
                  {}, sum(&recorder::undurable_));
        std::int64_t running = 0;
        for (const auto& one : of.recorders_)
            running += one->uploads_in_flight_.load(std::memory_order_relaxed);
        add_gauge("uploads_in_flight", "Uploads to TikTok that are running.", {},
                  static_cast<double>(running));
    }

    void refreshes() {
        const std::lock_guard lock(of.refresh_mutex_);
        auto& counts =
            add("token_refreshes_total", "Token refreshes, by how they ended.", MetricType::Counter);
        for (std::size_t at = 0; at < of.refreshes_.size(); ++at)
            add_count(counts, {{"result", of.labels_.refresh_results[at]}}, of.refreshes_[at]);
        add_histogram(
            add("token_refresh_duration_seconds", "What a token refresh took.", MetricType::Histogram), {},
            {&of.refresh_times_});
    }

    void logins() {
        const std::lock_guard lock(of.logins_mutex_);
        auto& counts = add("logins_total", "Logins, by how they ended.", MetricType::Counter);
        for (std::size_t at = 0; at < of.logins_.size(); ++at)
            add_count(counts, {{"result", of.labels_.login_results[at]}}, of.logins_[at]);
    }

    void others() {
        for (const auto& source : of.sources_) {
            auto& family =
                add(source.name, source.help, source.is_counter ? MetricType::Counter : MetricType::Gauge);
            for (const auto& one : source.read()) {
                ClientMetric metric = labelled({one.labels.begin(), one.labels.end()});
                (source.is_counter ? metric.counter.value : metric.gauge.value) = one.value;
                family.metric.push_back(std::move(metric));
            }
        }
        add_count(
            add("log_lines_dropped_total", "Log lines lost because nobody took them.", MetricType::Counter),
            {}, of.lines_.dropped_lines());
        add_gauge("build_info", "The running version.", {{"version", TIKTOK_GATEWAY_VERSION}}, 1);
    }
};

std::string sink::scrape() const {
    families all{*this};
    all.calls();
    all.upstream();
    all.posts();
    all.refreshes();
    all.logins();
    all.others();
    return prometheus::TextSerializer{}.Serialize(all.list);
}

} // namespace gateway::telemetry
