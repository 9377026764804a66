#include "telemetry/sink.hpp"

#include "base/errc.hpp"

#include <algorithm>
#include <set>

namespace gateway::telemetry {

namespace {

std::vector<int> all_statuses() {
    std::set<int> statuses{200, 204, 302, 303};
    for (const error_facts& row : all_errors())
        statuses.insert(http_status(row.code));
    return {statuses.begin(), statuses.end()};
}

/// The index of `wanted`. Labels are views of the same static texts as those in the lists, so comparing
/// addresses is nearly always enough; the last index is for labels that are not in the list.
std::size_t place_of(const std::vector<std::string_view>& list, std::string_view wanted) {
    for (std::size_t at = 0; at < list.size(); ++at)
        if (list[at].data() == wanted.data() && list[at].size() == wanted.size()) return at;
    return static_cast<std::size_t>(std::find(list.begin(), list.end() - 1, wanted) - list.begin());
}

} // namespace

sink::sink(label_sets labels, log_queue& lines, level least, unsigned workers)
    : labels_(std::move(labels)), statuses_(all_statuses()), lines_(lines), least_(least) {
    labels_.actions.push_back("NONE"); // no row was found
    labels_.endpoints.push_back("none");
    labels_.refresh_results.push_back("other");
    refreshes_.resize(labels_.refresh_results.size());
    labels_.login_results.push_back("other");
    logins_.resize(labels_.login_results.size());
    for (const auto* first : {"ok", "other"})
        codes_.push_back(std::make_unique<std::string>(first));
    for (unsigned at = 0; at < workers; ++at)
        recorders_.push_back(std::make_unique<recorder>(*this, labels_.actions.size(), statuses_.size(),
                                                        labels_.endpoints.size()));
}

sink::~sink() = default;

std::size_t sink::action_index(std::string_view action) const {
    return place_of(labels_.actions, action);
}

std::size_t sink::endpoint_index(std::string_view endpoint) const {
    return place_of(labels_.endpoints, endpoint);
}

std::size_t sink::status_index(int status) const {
    const auto at = std::lower_bound(statuses_.begin(), statuses_.end(), status);
    if (at != statuses_.end() && *at == status) return static_cast<std::size_t>(at - statuses_.begin());
    return status_index(500); // an unknown status is a fault of this service
}

std::size_t sink::outcome_index(std::string_view outcome) const {
    const auto* const at = std::find(post_outcomes.begin(), post_outcomes.end() - 1, outcome);
    return static_cast<std::size_t>(at - post_outcomes.begin());
}

std::pair<std::size_t, std::string_view> sink::learn_code(std::string_view code) {
    const std::lock_guard lock(codes_mutex_);
    for (std::size_t at = 0; at < codes_.size(); ++at)
        if (*codes_[at] == code) return {at, *codes_[at]};
    if (codes_.size() == recorder::codes_max) return {1, *codes_[1]};
    codes_.push_back(std::make_unique<std::string>(code));
    return {codes_.size() - 1, *codes_.back()};
}

std::uint64_t sink::untold(recorder::few_lines recorder::*which) const {
    std::uint64_t sum = 0;
    for (const auto& one : recorders_)
        sum += ((*one).*which).untold.value();
    return sum;
}

void sink::refresh_ended(std::string_view result, milliseconds took) {
    const std::lock_guard lock(refresh_mutex_);
    ++refreshes_[place_of(labels_.refresh_results, result)];
    refresh_times_.observe(took);
}

void sink::login_ended(std::string_view result) {
    const std::lock_guard lock(logins_mutex_);
    ++logins_[place_of(labels_.login_results, result)];
}

void sink::add_gauge(std::string name, std::string help, reader read) {
    sources_.push_back({std::move(name), std::move(help), false, std::move(read)});
}

void sink::add_counter(std::string name, std::string help, reader read) {
    sources_.push_back({std::move(name), std::move(help), true, std::move(read)});
}

void sink::log(level l, std::string_view event, const std::vector<member>& members) {
    if (!logs(l)) return;
    std::string line;
    append_event(line, l, event, members, wall_now());
    lines_.push(line);
}

} // namespace gateway::telemetry
